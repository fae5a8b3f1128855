import {
  argumentCheck,
  finite,
  type Given,
  isObject,
  LeaError,
  mean,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
} from '@lea/core';
import { type Comparison, clusteredMean, comparisonOf, type Estimate } from '../significance/compare.ts';
import type { InteractiveEvaluation, VisitMeasure } from './evaluate-interactive.ts';

/** Options of {@link returnInterval} and {@link compareReturns}. */
export interface ReturnIntervalOptions {
  /** What is measured: `return`, `discounted`, `length` or `diversity`. Default: `return`. */
  readonly measure: VisitMeasure;
  /** Confidence level of the interval. Higher: wider. Default: 0.95. */
  readonly confidence: number;
}

/** Defaults and checks of {@link ReturnIntervalOptions}. `clusteredMean` checks the bounds of the confidence. */
export const returnIntervalSchema: OptionsSchema<ReturnIntervalOptions> = {
  measure: option(oneOf('return', 'discounted', 'length', 'diversity'), 'return'),
  confidence: option(finite(0, 1), 0.95),
};

const checkRuns = argumentCheck(
  'an interactive evaluation, or an array of them',
  (value) =>
    [value].flat().length > 0 && [value].flat().every((run) => isObject(run) && 'values' in run && 'user' in run),
  'Pass the results of await evaluateInteractive(...).',
);

/**
 * Mean of a measure over visits with a confidence interval over users by Student's t. Of several runs with different seeds of training, the
 * mean over runs of each visit is used, so the interval does not cover the randomness of training: report the spread of the runs'
 * means as well.
 *
 * @throws LeaError `E_EVENTS_DIFFER` if the runs have other users or another protocol, `E_CONFIDENCE`, `E_OPTION_UNKNOWN`,
 *   `E_OPTION_VALUE`
 */
export function returnInterval(
  evaluation: InteractiveEvaluation | readonly InteractiveEvaluation[],
  options?: Given<ReturnIntervalOptions>,
): Estimate {
  checkRuns('returnInterval', { evaluation });
  const { measure, confidence } = parseOptions('returnInterval', returnIntervalSchema, options);
  const runs = sameVisits([evaluation].flat() as InteractiveEvaluation[]);
  return clusteredMean(meansOf(runs, measure), runs[0]!.user, confidence);
}

/**
 * Mean paired difference `a - b` of a measure over visits of the same users, with a confidence interval over users by Student's t. Of several
 * runs with different seeds, the means over runs of each visit are compared.
 *
 * @throws LeaError `E_EVENTS_DIFFER` if the runs have other users or another protocol, `E_CONFIDENCE`, `E_OPTION_UNKNOWN`,
 *   `E_OPTION_VALUE`
 */
export function compareReturns(
  a: InteractiveEvaluation | readonly InteractiveEvaluation[],
  b: InteractiveEvaluation | readonly InteractiveEvaluation[],
  options?: Given<ReturnIntervalOptions>,
): Comparison {
  checkRuns('compareReturns', { a, b });
  const { measure, confidence } = parseOptions('compareReturns', returnIntervalSchema, options);
  const [ours, theirs] = [[a].flat(), [b].flat()] as [InteractiveEvaluation[], InteractiveEvaluation[]];
  sameVisits([...ours, ...theirs]);
  const [first, second] = [meansOf(ours, measure), meansOf(theirs, measure)];
  const differences = first.map((value, i) => value - second[i]!);
  return comparisonOf(differences, ours[0]!.user, mean(second), confidence);
}

/** [visits] the mean over runs. */
function meansOf(runs: readonly InteractiveEvaluation[], measure: VisitMeasure): Float64Array {
  return runs[0]!.values[measure].map((_, i) => mean(runs.map(({ values }) => values[measure][i]!)));
}

function sameVisits(runs: readonly InteractiveEvaluation[]): readonly InteractiveEvaluation[] {
  const visitsOf = ({ user, protocol }: InteractiveEvaluation) => JSON.stringify([[...user], protocol]);
  const other = runs.find((run) => visitsOf(run) !== visitsOf(runs[0]!));
  if (!other) return runs;
  const [first] = runs;
  throw new LeaError('E_EVENTS_DIFFER', `${first!.name} and ${other.name} were not evaluated on the same visits.`, {
    value: [first!.protocol, other.protocol],
    hint: 'Evaluate both with the same users and the same options.',
  });
}
