import { fold, key, randomBits } from '@lea/core';
import { quantile } from '../quantile.ts';
import type { Column } from './columns.ts';
import type { Clusters } from './feedback.ts';

/** How often and by which seed to resample. */
export interface Resampling {
  readonly resamples: number;
  readonly seed: number;
  readonly confidence: number;
}

/**
 * Percentile bootstrap (Efron and Tibshirani 1993, chapter 13) over clusters: each resample draws as many clusters as there are,
 * with replacement, and computes the whole estimate again, its self-normalization included. All parts of `estimates` see the
 * same resamples, so differences are paired. Resamples in which all weights are 0 have no estimate and are left out.
 *
 * @param estimates sets of columns whose values are added with the given sign
 * @returns lower and upper bound; NaN with fewer than two clusters
 */
export function bootstrap(
  estimates: readonly { readonly columns: readonly Column[]; readonly sign: number }[],
  clusters: Clusters,
  { resamples, seed, confidence }: Resampling,
): [number, number] {
  const { count } = clusters;
  if (count < 2) return [Number.NaN, Number.NaN];
  const sums = estimates.flatMap(({ columns, sign }) =>
    columns.map((column) => ({ ...clustered(column, clusters), sign })),
  );
  const root = fold(key(seed), 'off-policy bootstrap');
  const values: number[] = [];
  const drawn = new Int32Array(count);
  for (let b = 0; b < resamples; b++) {
    // As integers(key, count, count), into the same buffer.
    const { words } = fold(root, b);
    for (let i = 0; i < count; i++) drawn[i] = ((randomBits(words, i) >>> 0) / 2 ** 32) * count;
    let value = 0;
    for (const { numerator, denominator, sign } of sums) {
      let [above, below] = [0, 0];
      for (let i = 0; i < count; i++) {
        above += numerator[drawn[i]!]!;
        below += denominator[drawn[i]!]!;
      }
      value += (sign * above) / below;
    }
    if (!Number.isNaN(value)) values.push(value);
  }
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, (1 - confidence) / 2), quantile(sorted, (1 + confidence) / 2)];
}

/** Sums per cluster. */
function clustered({ numerator, denominator }: Column, { of, count }: Clusters) {
  const sums = { numerator: new Float64Array(count), denominator: new Float64Array(count) };
  for (let i = 0; i < of.length; i++) {
    sums.numerator[of[i]!]! += numerator[i]!;
    sums.denominator[of[i]!]! += denominator ? denominator[i]! : 1;
  }
  return sums;
}
