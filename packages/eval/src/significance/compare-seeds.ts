import {
  checkArrays,
  deviation,
  type Given,
  LeaError,
  mean,
  type OptionsSchema,
  option,
  parseOptions,
  whole,
} from '@lea/core';
import type { Evaluation } from '../evaluate.ts';
import { checkConfidence, checkEvaluations, intervalSchema, requireSameEvents, select } from './compare.ts';
import { studentReach, studentTails } from './distributions.ts';

/** Options of {@link compareSeeds}. */
export interface CompareSeedsOptions {
  /** Name of a metric as in `Evaluation.metrics`, with any k. Default: `ndcg@10`. */
  readonly metric: string;
  /** Confidence level of the interval. Default: 0.95. */
  readonly confidence: number;
  /** Number of seeds below which the result has `tooFew`. Default: 5. */
  readonly fewest: number;
}

/** Two methods, trained with the same seeds and evaluated on the same events. */
export interface SeedComparison {
  /** Mean over seeds of the first minus the second method. */
  readonly difference: number;
  /** [seeds] the difference of each seed */
  readonly differences: Float64Array;
  /** Standard error of the mean over seeds; NaN of one seed. */
  readonly standardError: number;
  /** Bounds of the confidence interval by Student's t with seeds - 1 degrees of freedom; NaN of one seed. */
  readonly interval: readonly [number, number];
  /** Two-sided p-value of the paired t-test; NaN of one seed. */
  readonly p: number;
  /** Number of seeds. */
  readonly seeds: number;
  /**
   * Whether there are fewer seeds than `fewest`. The deviation between seeds is then hardly known: the interval only holds if
   * differences of seeds are normal, and it is several times as wide as with more seeds.
   */
  readonly tooFew: boolean;
}

/** Defaults and checks of {@link CompareSeedsOptions}. */
export const compareSeedsSchema: OptionsSchema<CompareSeedsOptions> = {
  ...intervalSchema,
  fewest: option(whole(2), 5),
};

/**
 * Compares two methods over seeds: one difference per seed, their mean and its interval. It covers the randomness of training for
 * the given test users, and `compare` covers the choice of users for the given seeds: report both. Pairs help if a seed has the same
 * effect on both methods, such as the same order of the data.
 *
 * @param a one evaluation per seed
 * @param b the same number of evaluations, with the same seeds in the same order
 * @throws LeaError `E_SEEDS_DIFFER` if the numbers of evaluations differ, `E_EVENTS_DIFFER` if they were not made on the same events
 *   with the same protocol, `E_METRIC_UNKNOWN`, `E_CONFIDENCE`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function compareSeeds(
  a: readonly Evaluation[],
  b: readonly Evaluation[],
  options?: Given<CompareSeedsOptions>,
): SeedComparison {
  checkArrays('compareSeeds', { a, b });
  checkEvaluations('compareSeeds', { a, b });
  const { metric, confidence, fewest } = parseOptions('compareSeeds', compareSeedsSchema, options);
  checkConfidence(confidence);
  if (a.length !== b.length) {
    throw new LeaError(
      'E_SEEDS_DIFFER',
      'compareSeeds: both methods need the same number of evaluations, one per seed.',
      {
        value: [a.length, b.length],
        hint: 'Pass the evaluations of the same seeds in the same order.',
      },
    );
  }
  for (const other of [...a, ...b]) requireSameEvents(a[0]!, other);
  const differences = Float64Array.from(a, (run, i) => meanOf(run, metric) - meanOf(b[i]!, metric));
  const seeds = differences.length;
  const difference = mean(differences);
  const result = { difference, differences, seeds, tooFew: seeds < fewest };
  if (seeds < 2) return { ...result, standardError: Number.NaN, interval: [Number.NaN, Number.NaN], p: Number.NaN };
  const standardError = deviation(differences, 'sample') / Math.sqrt(seeds);
  const reach = studentReach(1 - confidence, seeds - 1) * standardError;
  const p = difference === 0 && standardError === 0 ? 1 : studentTails(difference / standardError, seeds - 1);
  return { ...result, standardError, interval: [difference - reach, difference + reach], p };
}

function meanOf(run: Evaluation, metric: string): number {
  return mean(select(run, metric).values);
}
