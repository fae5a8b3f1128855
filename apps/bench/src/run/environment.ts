import { join } from 'node:path';
import { LeaError, replaceFile } from '@lea/core';
import {
  catalogueModel,
  type Environment,
  type Progress as EnvironmentProgress,
  fitEnvironment,
  type LanguageModel,
  learnItemTokens,
  loadEnvironment,
  textVectors,
} from '@lea/env';
import type { Value } from '@lea/tensor';
import { type RewardAgreement, rewardAgreement } from './agreement.ts';
import type { Context } from './context.ts';
import { readRecord } from './json.ts';
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
  const started = performance.now();
  const stages: Record<string, unknown> = {};
  const environment = await makeEnvironment(job, context, stages);
  const { world } = context.dataset;
  const agreement = world && (await rewardAgreement(job.name, environment, world, context));
  await environment.save(job.folder);
  const record: EnvironmentRecord = {
    name: job.name,
    hash: environment.hash,
    config: job.resolved,
    seconds: (performance.now() - started) / 1000,
    stages,
    ...(agreement && { agreement }),
  };
  await replaceFile(recordPath(job), `${JSON.stringify(record, null, 2)}\n`);
  return { environment, record };
}

/** The record of an environment that is ready, or undefined. */
export function loadRecord(job: EnvironmentJob): Promise<EnvironmentRecord | undefined> {
  return readRecord(recordPath(job));
}

async function makeEnvironment(
  job: EnvironmentJob,
  context: Context,
  stages: Record<string, unknown>,
): Promise<Environment> {
  const { split, threads, signal } = context;
  const shared = { seed: job.seed, threads, signal };
  const { tokens, lm } = await itemTokens(job, context, stages);
  return follow(
    fitEnvironment({
      ...shared,
      name: job.name,
      train: split.train,
      validation: split.validation,
      tokens,
      lm,
      input: job.config.tokens,
      ...job.config.fit,
    }),
    context,
    stages,
  );
}

/** What an item is to the environment; nothing for the id-only control. */
export async function itemTokens(
  { config, seed, name }: Pick<EnvironmentJob, 'config' | 'seed' | 'name'>,
  context: Context,
  stages: Record<string, unknown>,
): Promise<{ tokens: Value | null; lm?: LanguageModel }> {
  if (config.tokens === 'id') return { tokens: null };
  const { dataset, threads, signal } = context;
  const { texts } = dataset.catalog!;
  if (config.tier === 'encoder') {
    if (config.model) {
      const onProgress = (step: number, total: number): void =>
        context.progress.at({ step, total, stage: 'text vectors' });
      return { tokens: await textVectors(texts, { model: config.model, signal, onProgress }) };
    }
    throw new LeaError('E_CONFIG', `Environment "${name}" has tier "encoder" but no model.`, {
      hint: 'Set "model" to a folder or name of a feature-extraction model.',
    });
  }
  const shared = { seed, threads, signal };
  const lm = await follow(catalogueModel(texts, { ...shared, ...config.languageModel }), context, stages);
  const { vectors } = await follow(learnItemTokens(lm, texts, { ...shared, ...config.itemTokens }), context, stages);
  return { tokens: vectors, lm };
}

/** Drains a generator of progress, showing it. */
export async function follow<T>(
  work: AsyncGenerator<EnvironmentProgress, T>,
  { progress }: Pick<Context, 'progress'>,
  stages: Record<string, unknown> = {},
): Promise<T> {
  for (;;) {
    const { done, value } = await work.next();
    if (done) return value;
    const { stage, step, total, metrics } = value;
    progress.at({ step, total, stage });
    if (metrics) stages[stage] = { step, ...metrics };
  }
}

function recordPath(job: EnvironmentJob): string {
  return join(job.folder, 'record.json');
}
