import { deviation, LeaError, mean } from '@lea/core';
import type { BanditEstimator } from './columns.ts';
import type { SequenceEstimator } from './sequence-columns.ts';

/**
 * Bounds that hold for every round that the policies could have, not only for the logged ones: the empirical Bernstein interval
 * is only valid if they do.
 */
export interface Bounds {
  /**
   * Upper bound of the weights: 1 / (smallest propensity that is possible), or less. For trajectories, of the product of the
   * weights of all steps.
   */
  readonly weight: number;
  /** Smallest and largest reward that is possible. */
  readonly reward: readonly [low: number, high: number];
}

/**
 * The interval of Maurer and Pontil (COLT 2009, theorem 4) for the mean of n independent values within a range R, with sample
 * variance V: on each side, with d = (1 - confidence) / 2,
 *
 *     sqrt(2 V ln(2 / d) / n) + 7 R ln(2 / d) / (3 (n - 1))
 *
 * It holds for every n, and is wide if the weights may be large. NaN with fewer than two values.
 */
export function empiricalBernstein(values: Float64Array, range: number, confidence: number): [number, number] {
  const n = values.length;
  const log = Math.log(4 / (1 - confidence));
  const reach = Math.sqrt((2 * deviation(values, 'sample') ** 2 * log) / n) + (7 * range * log) / (3 * (n - 1));
  return [mean(values) - reach, mean(values) + reach];
}

/**
 * The width of the interval in which the contribution of one unit lies.
 *
 * @param clip option of the estimator
 * @param times sum of the discounts of the steps of the longest trajectory; 1 for rounds
 * @throws LeaError `E_OPTION_VALUE` for estimators whose units have no bound
 */
export function rangeOf(
  where: string,
  estimator: BanditEstimator | SequenceEstimator,
  { weight, reward: [low, high] }: Bounds,
  clip: number,
  times: number | undefined,
): number {
  const weighted = (most: number): number => Math.max(0, most * high) - Math.min(0, most * low);
  const rounds: Partial<Record<string, number>> = {
    ips: weighted(weight),
    mips: weighted(weight),
    cips: weighted(Math.min(weight, clip)),
    dm: high - low,
    dr: (high - low) * (1 + 2 * weight),
    'switch-dr': (high - low) * (1 + 2 * Math.min(weight, clip)),
  };
  const sequences: Partial<Record<string, number>> = { tis: weighted(weight), pdis: weighted(weight) };
  const range = times === undefined ? rounds[estimator] : sequences[estimator];
  if (range !== undefined) return range * (times ?? 1);
  throw new LeaError('E_OPTION_VALUE', `${where}: the empirical Bernstein interval has no bound for this estimator.`, {
    value: estimator,
    hint: "It needs a mean of independent bounded values. Use interval: 'bootstrap'.",
  });
}
