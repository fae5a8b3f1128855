import type { Scores } from './subject.ts';

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation. */
  readonly sd: number;
}

/** Rank of an item from 1: one more than the items that stand before it. */
export function rankOf(scores: Scores, item: number): number {
  const own = scores[item]!;
  let rank = 1;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > own || (scores[i] === own && i < item)) rank++;
  return rank;
}

/** Share of the other items that each item's count exceeds, equal ones counting half. */
export function percentiles(counts: Float64Array): Float64Array {
  const sorted = counts.toSorted();
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  sorted.forEach((count, i) => {
    if (!first.has(count)) first.set(count, i);
    last.set(count, i);
  });
  return counts.map((count) => (first.get(count)! + last.get(count)!) / 2 / Math.max(1, counts.length - 1));
}

/** Of the values that are not NaN. */
export function moments(values: Float64Array): Moments {
  const known = values.filter((value) => !Number.isNaN(value));
  const own = mean(known);
  return { count: known.length, mean: own, sd: Math.sqrt(mean(known.map((value) => (value - own) ** 2))) };
}

/** NaN of nothing. */
export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
