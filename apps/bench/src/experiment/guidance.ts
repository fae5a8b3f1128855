import { contentHash } from '@lea/core';
import type { Annotation } from '@lea/data';
import { type AnnotateOptions, type AnnotationPart, annotate, annotatePart } from '@lea/env';
import { leaSignals, memoryTeacher, mixSignals } from '@lea/train';
import { bringsStates } from '../config/environments.ts';
import type { Experiment, RunConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { crossFitted } from './cross-fitted.ts';
import { type EnvironmentRecord, prepareEnvironment } from './environment.ts';
import { follow } from './follow.ts';
import type { EnvironmentJob, RunJob } from './plan.ts';
import type { Guidance } from './trained.ts';

/** Provides the signals of environments. Each environment annotates once per way to select positives. */
export interface Guide {
  guidance(job: RunJob): Promise<Guidance>;
  /** The annotation of the train rows by an environment, read from its folder or made and saved there. */
  annotation(environment: EnvironmentJob, rule: Rule): Promise<Ready>;
}

/** An annotation and the record of its environment. */
export interface Ready {
  readonly annotation: Annotation;
  readonly record: EnvironmentRecord;
}

/** Positives per row, when no run asks for more. */
const POSITIVES = 20;

export function createGuide(context: Context): Guide {
  const ready = new Map<string, Promise<Ready>>();
  const annotation: Guide['annotation'] = (environment, rule) => {
    const asked = contentHash(environment.id, rule);
    const known = ready.get(asked) ?? annotationBy(environment, rule, context);
    ready.set(asked, known);
    return known;
  };
  return {
    annotation,
    async guidance({ config, seed, environments }) {
      const taught = [];
      for (const environment of environments) taught.push(await taughtBy(environment, config, seed));
      const records = taught.map(({ record }) => record);
      return {
        signals: mixSignals(taught.map(({ signals }) => signals)),
        record: records.length === 1 ? records[0]! : together(records),
      };
    },
  };

  async function taughtBy(environment: EnvironmentJob, config: RunConfig, seed: number): Promise<Guidance> {
    const { annotation: annotated, record } = await annotation(environment, ruleOf(config));
    const { use, positivesWeight, k, temperature, stateForm, rewardForm, rewardMix, ablation } = config;
    const signals = leaSignals(annotated, context.split.train, {
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
export type Rule = {
  readonly [K in 'rankBy' | 'shortlist' | 'popularityCorrection' | 'excludeSeen' | 'pessimism' | 'states']?:
    | AnnotateOptions[K]
    | undefined;
};

/** How the positives of a run are chosen. */
export function ruleOf(config: RunConfig): Rule {
  const { rankBy, shortlist, popularityCorrection, excludeSeen, pessimism } = config;
  return { rankBy, shortlist, popularityCorrection, excludeSeen, pessimism, states: bringsStates(config) };
}

/** All that is asked of an environment about a row. */
export function questionsOf(rule: Rule, { runs, window }: Experiment): Rule & { k: number; window: number } {
  return { ...rule, k: Math.max(POSITIVES, ...runs.map((run) => run.k ?? 0)), window };
}

async function annotationBy(job: EnvironmentJob, rule: Rule, context: Context): Promise<Ready> {
  const { experiment, signal } = context;
  const { tier, folds } = job.config;
  const questions = questionsOf(rule, experiment);
  if (tier === 'counting') return countingTeacher(job, questions, context);
  const options = { ...questions, dir: job.folder, signal };
  return (folds === undefined ? fittedOnAll : crossFitted)(job, options, context);
}

/** Annotates a part of the train rows into the folder of the environment. */
export async function annotateRows(
  job: EnvironmentJob,
  rule: Rule,
  part: AnnotationPart,
  context: Context,
): Promise<void> {
  const { environment } = await prepareEnvironment(job, context);
  try {
    const options = { ...questionsOf(rule, context.experiment), dir: job.folder, signal: context.signal };
    await follow(annotatePart(environment, context.split.train, options, part), context);
  } finally {
    await environment.dispose();
  }
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
  { k, excludeSeen }: Pick<AnnotateOptions, 'k'> & Rule,
  context: Context,
): Promise<Ready> {
  const { split, progress } = context;
  const started = performance.now();
  progress.at({ step: 0, stage: 'counting' });
  const { memory, seconds } = await context.memory({ text: job.config.itemInput !== 'id' });
  const annotation = memoryTeacher(split.train, memory, { k, ...(excludeSeen !== undefined && { excludeSeen }) });
  const taken = seconds + (performance.now() - started) / 1000;
  return {
    annotation,
    record: { name: job.name, hash: memory.hash, config: job.resolved, seconds: taken, stages: {} },
  };
}
