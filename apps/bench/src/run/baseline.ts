import {
  coOccurrence,
  evaluate,
  lastItemMarkov,
  popularity,
  repeatHistory,
  type Scorer,
  textSimilarity,
} from '@lea/eval';
import type { BaselineConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { runMemory } from './memory-alone.ts';
import type { BaselineJob } from './plan.ts';
import { baseRecord, type FinishedRun, saveRun } from './record.ts';
import { servingOfScorer } from './serving.ts';

/** Baselines whose scorer is made at once. */
export type CountedBaseline = Exclude<BaselineConfig, { type: 'counting-memory' }>;

/** The scorer of a baseline, counted on the train rows. */
export function baselineScorer(config: CountedBaseline, { split, text, experiment }: Context): Scorer {
  const { train } = split;
  const { window } = experiment;
  switch (config.type) {
    case 'popularity':
      return popularity(train);
    case 'repeat-history':
      return repeatHistory(train, { window });
    case 'last-item-markov':
      return lastItemMarkov(train);
    case 'text-similarity':
      return textSimilarity(train, text(), { window });
    case 'co-occurrence':
      return coOccurrence(train, { window, text: config.text ? text() : null, textNormalised: config.textNormalised });
  }
}

/** Which form of the text term is better differs between data sets: validation decides, unless the config says. */
export async function decidedBaseline(
  config: CountedBaseline,
  context: Context,
): Promise<{ config: CountedBaseline; scorer: Scorer }> {
  const made = (form: CountedBaseline) => ({ config: form, scorer: baselineScorer(form, context) });
  if (config.type !== 'co-occurrence' || !config.text || config.textNormalised !== undefined) return made(config);
  const { split, signal } = context;
  const forms = [true, false].map((textNormalised) => made({ ...config, textNormalised }));
  const values: number[] = [];
  for (const { scorer } of forms) {
    const { metrics } = await evaluate(scorer, split.validation, { ks: [10], signal });
    values.push(metrics['ndcg@10']!);
  }
  return forms[values[0]! >= values[1]! ? 0 : 1]!;
}

/** Counts, ranks the test events and saves the outcome. */
export async function runBaseline(job: BaselineJob, context: Context): Promise<FinishedRun> {
  if (job.config.type === 'counting-memory') return runMemory(job, job.config, context);
  const { progress, signal, experiment, split } = context;
  const started = performance.now();
  const { config, scorer } = await decidedBaseline(job.config, context);
  const evaluation = await evaluate(scorer, split.test, {
    ks: experiment.ks,
    signal,
    onProgress: (step, total) => progress.at({ step, total }),
  });
  const seconds = (performance.now() - started) / 1000;
  const record = {
    ...baseRecord(job, context, evaluation),
    threads: 1,
    seconds,
    weightsHash: null,
    baseline: config,
    serving: await servingOfScorer(scorer, split.test),
  };
  await saveRun(job.folder, record, evaluation);
  return { record, evaluation, fresh: true };
}
