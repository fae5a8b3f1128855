import { join } from 'node:path';
import { replaceFile } from '@lea/core';
import { type Environment, fitEnvironment, loadEnvironment } from '@lea/env';
import { type RewardAgreement, rewardAgreement } from './agreement.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { readRecord } from './json.ts';
import { languageOf } from './language.ts';
import type { EnvironmentJob } from './plan.ts';

/** What is known of a fitted environment, kept beside it. */
export interface EnvironmentRecord {
  readonly name: string;
  readonly hash: string;
  readonly config: unknown;
  /** Fitting, item tokens and language model included. */
  readonly seconds: number;
  /** Last metrics of each stage. */
  readonly stages: Readonly<Record<string, unknown>>;
  readonly agreement?: RewardAgreement;
}

/** The environment of a job: read from its folder, or made and saved there. The caller disposes it. */
export async function prepareEnvironment(
  job: EnvironmentJob,
  context: Context,
): Promise<{ environment: Environment; record: EnvironmentRecord }> {
  const found = await loadRecord(job);
  if (found) return { environment: await loadEnvironment(job.folder, { threads: context.threads }), record: found };
  const { tokens, lm, seconds, stages } = await languageOf(job.config, job.seed, context);
  const started = performance.now();
  const { split, threads, signal } = context;
  const fitStages: Record<string, unknown> = {};
  const environment = await follow(
    fitEnvironment({
      seed: job.seed,
      threads,
      signal,
      name: job.name,
      train: split.train,
      validation: split.validation,
      tokens,
      lm,
      input: job.config.tokens,
      ...job.config.fit,
    }),
    context,
    fitStages,
  );
  const { world } = context.dataset;
  const agreement = world && (await rewardAgreement(environment, world, context));
  await environment.save(job.folder);
  const record: EnvironmentRecord = {
    name: job.name,
    hash: environment.hash,
    config: job.resolved,
    seconds: seconds + (performance.now() - started) / 1000,
    stages: { ...stages, ...fitStages },
    ...(agreement && { agreement }),
  };
  await replaceFile(recordPath(job), `${JSON.stringify(record, null, 2)}\n`);
  return { environment, record };
}

/** The record of an environment that is ready, or undefined. */
export function loadRecord(job: EnvironmentJob): Promise<EnvironmentRecord | undefined> {
  return readRecord(recordPath(job));
}

function recordPath(job: EnvironmentJob): string {
  return join(job.folder, 'record.json');
}
