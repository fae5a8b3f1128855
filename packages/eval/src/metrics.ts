import { checkRanges, LeaError, mean, nearest } from '@lea/core';
import type { Scores } from '@lea/data';

/** What an event at `rank` (from 1) is worth when the first `k` places are shown; one relevant item per event. */
const measures = {
  hr: (rank: number, k: number): number => (rank <= k ? 1 : 0),
  ndcg: (rank: number, k: number): number => (rank <= k ? 1 / Math.log2(rank + 1) : 0),
  mrr: (rank: number, k: number): number => (rank <= k ? 1 / rank : 0),
};

/** Hit rate, normalised discounted cumulative gain, mean reciprocal rank (each 0 beyond place k). */
export type Measure = keyof typeof measures;

/** A metric name taken apart: `ndcg@10/purchase` is `{ measure: 'ndcg', k: 10, kind: 'purchase' }`. */
export interface Metric {
  readonly measure: Measure;
  readonly k: number;
  /** Only events of this kind; all when absent. */
  readonly kind?: string;
}

/**
 * Place of `target` in the ranking of one row of scores, from 1: one more than the items with a greater score and the
 * equal ones with a smaller index. -0 equals 0.
 *
 * @param scores one or more rows of `items` scores
 * @param start where the row begins in `scores`
 * @returns the rank, or NaN when a score of the row is NaN
 */
export function rankOf(scores: Scores, target: number, start = 0, items: number = scores.length): number {
  const own = scores[start + target]!;
  let rank = 1;
  for (let item = 0; item < items; item++) {
    const score = scores[start + item]!;
    if (score < own) continue;
    if (score > own || (score === own && item < target)) rank++;
    else if (score !== own) return Number.NaN;
  }
  return rank;
}

/**
 * A metric's name taken apart.
 *
 * @param kinds the kinds of events there are; a kind outside of them is refused
 * @throws LeaError `E_METRIC_UNKNOWN`
 */
export function parseMetric(name: string, kinds: readonly string[]): Metric {
  const [, measure, k, kind] = /^([a-z]+)@([1-9]\d*)(?:\/(.+))?$/.exec(name) ?? [];
  if (measure === undefined || !Object.hasOwn(measures, measure)) {
    throw new LeaError('E_METRIC_UNKNOWN', 'There is no metric of that name.', {
      value: name,
      hint: 'Names are hr@k, ndcg@k and mrr@k, with /kind for the events of one kind: "ndcg@10", "hr@5/purchase".',
    });
  }
  if (kind !== undefined && !kinds.includes(kind)) {
    throw new LeaError('E_METRIC_UNKNOWN', `No event is of the kind of "${name}".`, {
      value: kind,
      hint: `Did you mean "${nearest(kind, kinds) ?? kinds[0]}"? Kinds are: ${kinds.join(', ')}.`,
    });
  }
  return { measure: measure as Measure, k: Number(k), ...(kind === undefined ? {} : { kind }) };
}

/** The metric of each rank. */
export function gains(ranks: ArrayLike<number>, { measure, k }: Metric): Float64Array {
  return Float64Array.from(ranks, (rank) => measures[measure](rank, k));
}

/**
 * Micro averages over the events: `hr@k`, `ndcg@k`, `mrr@k` for each k, over all events and per kind (`ndcg@10/click`).
 * A k above the number of items counts every event as a hit; the average of no events is NaN.
 *
 * @param ranks rank of each event, from 1
 * @param kind index into `kinds` of each event
 * @throws LeaError `E_OPTION_VALUE`
 */
export function averages(
  ranks: ArrayLike<number>,
  kind: ArrayLike<number>,
  kinds: readonly string[],
  ks: readonly number[],
): Record<string, number> {
  for (const k of ks) checkRanges('averages', { k }, { k: [1, Number.MAX_VALUE, 'whole'] });
  const result: Record<string, number> = {};
  const names = Object.keys(measures) as Measure[];
  for (const group of [undefined, ...kinds.keys()]) {
    const members = Array.from(ranks).filter((_, event) => group === undefined || kind[event] === group);
    const suffix = group === undefined ? '' : `/${kinds[group]}`;
    for (const measure of names) {
      for (const k of ks) result[`${measure}@${k}${suffix}`] = mean(gains(members, { measure, k }));
    }
  }
  return result;
}
