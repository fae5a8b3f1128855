import { join } from 'node:path';
import { writeSealed } from '@lea/core/node';
import { type Environment, fitEnvironment, loadEnvironment } from '@lea/env';
import { withAdaptation } from '../config/environments.ts';
import { type RewardAgreement, rewardAgreement } from './agreement.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { broken, intact, readRecord } from './intact.ts';
import { type Language, languageOf } from './language.ts';
import type { EnvironmentJob } from './plan.ts';

/** The record of a fitted environment, or of those of all folds, kept beside it. */
export interface EnvironmentRecord {
  readonly name: string;
  readonly hash: string;
  readonly config: unknown;
  /** Fitting, item tokens and language model included; with folds also the annotation, over all sittings. */
  readonly seconds: number;
  /** The part of it that item tokens and language model took, which several environments may share. */
  readonly languageSeconds?: number;
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
  if (found) {
    const { threads } = context;
    const environment = await intact(job.folder, () => loadEnvironment(job.folder, { threads }));
    if (environment.hash === found.hash) return { environment, record: found };
    await environment.dispose();
    throw broken(job.folder, 'its environment is not that of its record');
  }
  const language = await languageOf(job.config, job.seed, context);
  const started = performance.now();
  const stages: Record<string, unknown> = {};
  const environment = await follow(fitEnvironment(fitOptions(job, language, context)), context, stages);
  const { world } = context.dataset;
  const agreement = world && (await rewardAgreement(environment, world, context));
  await environment.save(job.folder);
  const record: EnvironmentRecord = {
    name: job.name,
    hash: environment.hash,
    config: job.resolved,
    seconds: language.seconds + (performance.now() - started) / 1000,
    languageSeconds: language.seconds,
    stages: { ...language.stages, ...stages },
    ...(agreement && { agreement }),
  };
  await saveRecord(job, record);
  return { environment, record };
}

/** The options with which the environment of a job is fitted. */
export function fitOptions(
  { name, seed, config }: EnvironmentJob,
  { tokens, languageModel }: Language,
  { split, threads, signal }: Context,
): Parameters<typeof fitEnvironment>[0] {
  const { train, validation } = split;
  return {
    seed,
    threads,
    signal,
    name,
    train,
    validation,
    tokens,
    languageModel,
    itemInput: config.itemInput,
    ...withAdaptation(config).fit,
  };
}

/** The record of an environment that is ready, or undefined. */
export function loadRecord(job: EnvironmentJob): Promise<EnvironmentRecord | undefined> {
  return readRecord<EnvironmentRecord>(recordPath(job), { config: job.resolved });
}

/** A record on disk means that the environment is ready. */
export function saveRecord(job: EnvironmentJob, record: EnvironmentRecord): Promise<void> {
  return writeSealed(recordPath(job), record);
}

function recordPath(job: EnvironmentJob): string {
  return join(job.folder, 'record.json');
}
