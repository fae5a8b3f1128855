import { mean, type OptionsSchema, oneOf, option, parseOptions } from '@lea/core';
import type { Evaluation } from '../evaluate.ts';
import { checkEvaluations, intervalSchema, pairedDifferences } from './compare.ts';
import { bootstrapTest, permutationTest, type ResamplingOptions, resamplingSchema } from './resampling.ts';
import { wilcoxon } from './wilcoxon.ts';

/** Options of {@link testDifference}. */
export interface TestDifferenceOptions extends ResamplingOptions {
  /** Name of a metric as in `Evaluation.metrics`, with any k. Default: `ndcg@10`. */
  readonly metric: string;
  /**
   * `permutation` flips the signs of users' differences and assumes nothing about their distribution. `bootstrap` draws users with
   * replacement. `wilcoxon` ranks the users' mean differences: every user counts the same, and a few large differences count
   * little. Choose the test before you see the results. Default: `permutation`.
   */
  readonly test: 'permutation' | 'bootstrap' | 'wilcoxon';
}

/** The result of {@link testDifference}. */
export interface DifferenceTest {
  /** The option `test`. */
  readonly test: TestDifferenceOptions['test'];
  /** Mean over events of the first minus the second run. */
  readonly difference: number;
  /** Two-sided p-value of no difference; NaN where there are too few users. */
  readonly p: number;
  /** Number of events. */
  readonly events: number;
  /** Number of users. */
  readonly users: number;
}

/** Defaults and checks of {@link TestDifferenceOptions}. */
export const testDifferenceSchema: OptionsSchema<TestDifferenceOptions> = {
  metric: intervalSchema.metric,
  test: option(oneOf('permutation', 'bootstrap', 'wilcoxon'), 'permutation'),
  ...resamplingSchema,
};

/**
 * Tests over users whether two runs on the same events differ. Of several runs with different seeds, the means per event are
 * compared. The p-values of several comparisons belong together: adjust them with `holm`.
 *
 * @throws LeaError `E_EVENTS_DIFFER` if the runs were not evaluated on the same events with the same protocol,
 *   `E_METRIC_UNKNOWN`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function testDifference(
  a: Evaluation | readonly Evaluation[],
  b: Evaluation | readonly Evaluation[],
  options?: Partial<TestDifferenceOptions>,
): DifferenceTest {
  checkEvaluations('testDifference', { a, b });
  const { metric, test, ...resampling } = parseOptions('testDifference', testDifferenceSchema, options);
  const { differences, user } = pairedDifferences(a, b, metric);
  if (test === 'wilcoxon') {
    const means = userMeans(differences, user);
    return { test, difference: mean(differences), p: wilcoxon(means).p, events: user.length, users: means.length };
  }
  const { value, p, events, users } = (test === 'bootstrap' ? bootstrapTest : permutationTest)(
    differences,
    user,
    resampling,
  );
  return { test, difference: value, p, events, users };
}

/** [users] mean differences. Those that are equal but for their last digits become equal, because ranks would tell them apart. */
function userMeans(differences: Float64Array, user: Int32Array): number[] {
  const byUser = Map.groupBy(differences.keys(), (event) => user[event]!);
  return [...byUser.values()].map((own) => {
    const sum = own.reduce((total, event) => total + differences[event]!, 0);
    return Math.round((1e12 * sum) / own.length) / 1e12;
  });
}
