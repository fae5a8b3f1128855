import { contentHash } from '@lea/core';
import type { Annotation } from '@lea/data';
import { type AnnotateOptions, annotate } from '@lea/env';
import { leaSignals, memoryTeacher, mixSignals } from '@lea/train';
import { bringsStates } from '../config/environments.ts';
import type { RunConfig } from '../config/schema.ts';
import { duration } from '../terminal/duration.ts';
import type { RewardAgreement } from './agreement.ts';
import type { Context } from './context.ts';
import { crossFitted } from './cross-fitted.ts';
import { type EnvironmentRecord, loadRecord, prepareEnvironment } from './environment.ts';
import { follow } from './follow.ts';
import type { EnvironmentJob, RunJob } from './plan.ts';
import type { Guidance } from './trained.ts';

/** Provides the environments of runs. Each environment is fitted once and annotates once per way to select positives. */
export interface Guide {
  guidance(job: RunJob): Promise<Guidance>;
  /** Agreement with a world's true rewards, of those environments where it is known. */
  agreements(jobs: readonly EnvironmentJob[]): Promise<RewardAgreement[]>;
}

interface Ready {
  readonly annotation: Annotation;
  readonly record: EnvironmentRecord;
}

/** Positives per row, when no run asks for more. */
const POSITIVES = 20;

export function createGuide(context: Context): Guide {
  const ready = new Map<string, Promise<Ready>>();
  return {
    async guidance({ config, seed, environments }) {
      const taught = [];
      for (const environment of environments) taught.push(await taughtBy(environment, config, seed));
      const records = taught.map(({ record }) => record);
      return {
        signals: mixSignals(taught.map(({ signals }) => signals)),
        record: records.length === 1 ? records[0]! : together(records),
      };
    },
    async agreements(jobs) {
      const records = await Promise.all(jobs.map(loadRecord));
      return records.flatMap((record) => record?.agreement ?? []);
    },
  };

  async function taughtBy(environment: EnvironmentJob, config: RunConfig, seed: number): Promise<Guidance> {
    const { rankBy, shortlist, popularityCorrection, excludeSeen, pessimism } = config;
    const rule = { rankBy, shortlist, popularityCorrection, excludeSeen, pessimism, states: bringsStates(config) };
    const asked = contentHash(environment.id, rule);
    if (!ready.has(asked)) ready.set(asked, makeReady(environment, rule, context));
    const { annotation, record } = await ready.get(asked)!;
    const { use, positivesWeight, k, temperature, stateForm, rewardForm, rewardMix, ablation } = config;
    const signals = leaSignals(annotation, context.split.train, {
      use,
      positivesWeight,
      k,
      temperature,
      stateForm,
      rewardForm,
      rewardMix,
      ablation: ablation,
      rewards: context.rewards,
      seed,
    });
    const { folds } = environment.config;
    const { hash, seconds } = record;
    return { signals, record: { name: environment.name, hash, seconds, ...(folds !== undefined && { folds }) } };
  }
}

/** Teachers of one run as one. */
function together(records: readonly Guidance['record'][]): Guidance['record'] {
  return {
    name: records.map(({ name }) => name).join(' + '),
    hash: contentHash(...records.map(({ hash }) => hash)),
    seconds: records.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** How positives are chosen, how sure rewards have to be, and whether states are kept. */
type Rule = {
  readonly [K in 'rankBy' | 'shortlist' | 'popularityCorrection' | 'excludeSeen' | 'pessimism' | 'states']?:
    | AnnotateOptions[K]
    | undefined;
};

async function makeReady(job: EnvironmentJob, rule: Rule, context: Context): Promise<Ready> {
  const { experiment, progress, signal } = context;
  const { itemInput, tier, folds } = job.config;
  progress.begin(`environment "${job.name}"`);
  const k = Math.max(POSITIVES, ...experiment.runs.map((run) => run.k ?? 0));
  if (tier === 'counting') return countingTeacher(job, k, rule, context);
  const found = await loadRecord(job);
  const options = { ...rule, k, window: experiment.window, dir: job.folder, signal };
  const ready = await (folds === undefined ? fittedOnAll : crossFitted)(job, options, context);
  const what = `${itemInput} tokens${folds === undefined ? '' : `, ${folds} folds`}`;
  progress.end(what, found && `already fitted, took ${duration(found.seconds)}`);
  return ready;
}

/** The annotation of the train rows by one environment, which was fitted on them. */
async function fittedOnAll(job: EnvironmentJob, options: Partial<AnnotateOptions>, context: Context): Promise<Ready> {
  const { environment, record } = await prepareEnvironment(job, context);
  try {
    return { annotation: await follow(annotate(environment, context.split.train, options), context), record };
  } finally {
    await environment.dispose();
  }
}

async function countingTeacher(
  job: EnvironmentJob,
  k: number,
  { excludeSeen }: Rule,
  context: Context,
): Promise<Ready> {
  const { split, progress } = context;
  const started = performance.now();
  const { memory, seconds } = await context.memory({ text: job.config.itemInput !== 'id' });
  const annotation = memoryTeacher(split.train, memory, { k, ...(excludeSeen !== undefined && { excludeSeen }) });
  progress.end(job.config.itemInput === 'id' ? 'counts' : 'counts and text similarity');
  const taken = seconds + (performance.now() - started) / 1000;
  return {
    annotation,
    record: { name: job.name, hash: memory.hash, config: job.resolved, seconds: taken, stages: {} },
  };
}
