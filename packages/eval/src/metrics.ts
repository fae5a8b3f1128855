import {
  checkArrays,
  checkFunctions,
  checkNumbers,
  checkRanges,
  checkTexts,
  LeaError,
  mean,
  nearest,
  withDefaults,
} from '@lea/core';
import type { Scores } from '@lea/data';

/** Value of an event at `rank` (from 1) when the first `k` places are shown; one relevant item per event. */
export type Gain = (rank: number, k: number) => number;

const included: Readonly<Record<string, Gain>> = {
  hr: (rank, k) => (rank <= k ? 1 : 0),
  ndcg: (rank, k) => (rank <= k ? 1 / Math.log2(rank + 1) : 0),
  mrr: (rank, k) => (rank <= k ? 1 / rank : 0),
  recall: (rank, k) => (rank <= k ? 1 : 0),
  precision: (rank, k) => (rank <= k ? 1 / k : 0),
  map: (rank, k) => (rank <= k ? 1 / rank : 0),
};

/** By name. */
const measures = new Map<string, Gain>(Object.entries(included));

/**
 * Makes a measure known wherever metrics are named: to `evaluate`, `compare`, the validation of @lea/train and the bench. Its
 * metrics are micro averages of the gain, as those of the others are: `defineMeasure('rbp', gain)` gives `rbp@10`.
 *
 * @param name small letters
 * @throws LeaError `E_OPTION_VALUE` for another name, `E_TYPE_TAKEN` for one that exists and `override` is not set
 */
export function defineMeasure(name: string, gain: Gain, options?: { override?: boolean }): void {
  checkTexts('defineMeasure', { name });
  checkFunctions('defineMeasure', { gain });
  const { override } = withDefaults('defineMeasure', { override: false }, options);
  if (!/^[a-z]+$/.test(name)) {
    throw new LeaError('E_OPTION_VALUE', 'Expected a name of small letters.', {
      value: name,
      hint: 'For example "rbp".',
    });
  }
  if (measures.has(name) && !override) {
    throw new LeaError('E_TYPE_TAKEN', 'This measure exists already.', {
      value: name,
      hint: 'Choose another name or pass { override: true }.',
    });
  }
  measures.set(name, gain);
}

/** The names of measures that were defined beside the included ones. */
export function definedMeasures(): string[] {
  return [...measures].flatMap(([name, gain]) => (included[name] === gain ? [] : [name]));
}

/** A parsed metric name: `ndcg@10/purchase` is `{ measure: 'ndcg', k: 10, kind: 'purchase' }`. */
export interface Metric {
  /**
   * `hr` (hit rate), `ndcg` (normalized discounted cumulative gain), `mrr` (mean reciprocal rank), `recall`, `precision`, `map`
   * (mean average precision), or a defined measure. An event has one relevant item, so recall is the hit rate, precision the
   * hit rate divided by k, and map is mrr. {@link listMetrics} has those of several relevant items.
   */
  readonly measure: string;
  /** List length. */
  readonly k: number;
  /** Only events of this kind. Default: all events. */
  readonly kind?: string;
}

/**
 * Rank of `target` in one row of scores, from 1: one plus the number of items with a higher score, or with an equal score and
 * a smaller index. -0 equals 0.
 *
 * @param scores one or more rows of `items` scores
 * @param start position of the row in `scores`; default: 0
 * @param items length of the row; default: all of `scores`
 * @returns the rank, or NaN if a score of the row is NaN
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
 * The rank of `target` if some items are left out.
 *
 * @param scores [items]
 * @param excluded the items that do not count; default: none
 * @returns the rank, or NaN if a score is NaN
 */
export function rankAmong(scores: Scores, target: number, excluded: ArrayLike<number> = []): number {
  const own = scores[target]!;
  let rank = rankOf(scores, target);
  for (const item of new Set(Array.from(excluded))) {
    const score = scores[item]!;
    if (score > own || (score === own && item < target)) rank--;
  }
  return rank;
}

/**
 * Parses the name of a metric.
 *
 * @param kinds the known kinds of events; other kinds are refused
 * @throws LeaError `E_METRIC_UNKNOWN`
 */
export function parseMetric(name: string, kinds: readonly string[]): Metric {
  checkArrays('parseMetric', { kinds });
  const [, measure, k, kind] = /^([a-z]+)@([1-9]\d*)(?:\/(.+))?$/.exec(name) ?? [];
  if (measure === undefined || !measures.has(measure)) {
    throw new LeaError('E_METRIC_UNKNOWN', 'Unknown metric.', {
      value: name,
      hint: `Write "measure@k" or, for the events of one kind, "measure@k/kind": "ndcg@10", "hr@5/purchase". The measures are: ${[...measures.keys()].join(', ')}.`,
    });
  }
  if (kind !== undefined && !kinds.includes(kind)) {
    const near = nearest(kind, kinds);
    throw new LeaError('E_METRIC_UNKNOWN', `Unknown kind of event in the metric "${name}".`, {
      value: kind,
      hint: `${near ? `Did you mean "${near}"? ` : ''}The kinds are: ${kinds.join(', ')}.`,
    });
  }
  return { measure, k: Number(k), ...(kind === undefined ? {} : { kind }) };
}

/** [ranks] the value of the metric for each rank. */
export function gains(ranks: ArrayLike<number>, { measure, k }: Metric): Float64Array {
  const gain = measures.get(measure)!;
  const values = new Float64Array(ranks.length);
  for (let event = 0; event < values.length; event++) values[event] = gain(ranks[event]!, k);
  return values;
}

/**
 * Averages over events: `hr@k`, `ndcg@k` and every other measure of {@link Metric} for each k, over all events and per kind
 * (`ndcg@10/click`). With a k above the number of items every event is a hit. The average of no events is NaN.
 *
 * @param ranks [events] ranks from 1
 * @param kind [events] index into `kinds`
 * @throws LeaError `E_OPTION_VALUE`
 */
export function averages(
  ranks: ArrayLike<number>,
  kind: ArrayLike<number>,
  kinds: readonly string[],
  ks: readonly number[],
): Record<string, number> {
  checkNumbers('averages', { ranks, kind });
  checkArrays('averages', { kinds, ks });
  for (const k of ks) checkRanges('averages', { k }, { k: [1, Number.MAX_VALUE, 'whole'] });
  const result: Record<string, number> = {};
  const all = Float64Array.from(ranks);
  for (const group of [undefined, ...kinds.keys()]) {
    const members = group === undefined ? all : all.filter((_, event) => kind[event] === group);
    const suffix = group === undefined ? '' : `/${kinds[group]}`;
    for (const measure of measures.keys()) {
      for (const k of ks) result[`${measure}@${k}${suffix}`] = mean(gains(members, { measure, k }));
    }
  }
  return result;
}
