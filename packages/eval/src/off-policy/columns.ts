import type { BanditFeedback } from './feedback.ts';
import type { RoundTerms } from './terms.ts';

/**
 * Part of an estimate: the sum of `numerator` over the units divided by that of `denominator`, or by the number of units if
 * there is none. An estimate is the sum of its columns, so that every estimator can be resampled in the same way.
 */
export interface Column {
  /** [units] */
  readonly numerator: Float64Array;
  /** [units] weights that self-normalize the column; default: 1 per unit */
  readonly denominator?: Float64Array;
}

/** Estimators of one decision per round. */
export type BanditEstimator = 'ips' | 'snips' | 'cips' | 'dm' | 'dr' | 'sndr' | 'switch-dr' | 'mips' | 'snmips';

/** The columns of an estimator. With weights w, rewards r and a model q; direct = sum over a of pi(a|x) q(x, a). */
export function banditColumns(
  estimator: BanditEstimator,
  { reward }: BanditFeedback,
  { weight, marginal, direct, predicted }: RoundTerms,
  clip: number,
): readonly Column[] {
  const map = (value: (i: number) => number): Float64Array => Float64Array.from(weight, (_, i) => value(i));
  const residual = (i: number): number => reward[i]! - predicted![i]!;
  switch (estimator) {
    case 'ips':
      return [{ numerator: map((i) => weight[i]! * reward[i]!) }];
    case 'snips':
      return [{ numerator: map((i) => weight[i]! * reward[i]!), denominator: weight }];
    case 'cips':
      return [{ numerator: map((i) => Math.min(weight[i]!, clip) * reward[i]!) }];
    case 'dm':
      return [{ numerator: direct! }];
    case 'dr':
      return [{ numerator: map((i) => direct![i]! + weight[i]! * residual(i)) }];
    case 'sndr':
      return [{ numerator: direct! }, { numerator: map((i) => weight[i]! * residual(i)), denominator: weight }];
    case 'switch-dr':
      return [{ numerator: map((i) => direct![i]! + (weight[i]! <= clip ? weight[i]! * residual(i) : 0)) }];
    case 'mips':
      return [{ numerator: map((i) => marginal![i]! * reward[i]!) }];
    case 'snmips':
      return [{ numerator: map((i) => marginal![i]! * reward[i]!), denominator: marginal! }];
  }
}

/** The sum of the columns over all units. */
export function totalOf(columns: readonly Column[]): number {
  let value = 0;
  for (const { numerator, denominator } of columns) {
    value += sum(numerator) / (denominator ? sum(denominator) : numerator.length);
  }
  return value;
}

/** Whether the estimate is a finite number, and neither a sum over a resample nor one of squares can overflow. */
export function isComputable(columns: readonly Column[]): boolean {
  const fits = (values: Float64Array | undefined): boolean => {
    const most = Math.sqrt(Number.MAX_VALUE) / (values?.length ?? 1);
    return !values || values.every((value) => Math.abs(value) <= most);
  };
  const all = columns.every(({ numerator, denominator }) => fits(numerator) && fits(denominator));
  return all && Number.isFinite(totalOf(columns));
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
