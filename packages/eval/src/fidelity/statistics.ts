import { deviation, mean } from '@lea/core';

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation. */
  readonly sd: number;
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

/** Count, mean and deviation of the values that are not NaN. */
export function moments(values: Float64Array): Moments {
  const known = values.filter((value) => !Number.isNaN(value));
  return { count: known.length, mean: mean(known), sd: deviation(known) };
}
