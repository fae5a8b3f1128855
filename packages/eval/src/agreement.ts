import { LeaError, mean } from '@lea/core';

/** How well scores order things as the truth does; each NaN when scores or truths are all equal. */
export interface Agreement {
  /** Linear correlation, -1 to 1. */
  readonly pearson: number;
  /** Correlation of the ranks, -1 to 1. */
  readonly spearman: number;
  /** Share of the pairs with different truth that the scores order alike; 0.5 is chance. */
  readonly pairwiseAccuracy: number;
}

/** All three measures of agreement, for instance of an environment's reward with a world's true one. */
export function agreement(score: ArrayLike<number>, truth: ArrayLike<number>): Agreement {
  return {
    pearson: pearson(score, truth),
    spearman: spearman(score, truth),
    pairwiseAccuracy: pairwiseAccuracy(score, truth),
  };
}

/** Linear correlation; NaN when one side is constant. */
export function pearson(score: ArrayLike<number>, truth: ArrayLike<number>): number {
  requirePairs(score, truth);
  const centred = (values: ArrayLike<number>): Float64Array => {
    const own = Float64Array.from(values);
    const middle = mean(own);
    return own.map((value) => value - middle);
  };
  const [x, y] = [centred(score), centred(truth)];
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** Correlation of the ranks, ties sharing their mean rank; NaN when one side is constant. */
export function spearman(score: ArrayLike<number>, truth: ArrayLike<number>): number {
  requirePairs(score, truth);
  return pearson(midranks(score), midranks(truth));
}

/**
 * Share of the pairs with different truth that the scores order alike, equal scores counting one half; NaN without such a
 * pair. O(n log n).
 */
export function pairwiseAccuracy(score: ArrayLike<number>, truth: ArrayLike<number>): number {
  requirePairs(score, truth);
  const place = midranks(score).map((rank) => Math.ceil(rank));
  const order = sortedBy(truth);
  // A Fenwick tree over the places of the scores whose truth is smaller than the current one.
  const tree = new Float64Array(score.length + 1);
  const below = (at: number): number => {
    let sum = 0;
    for (let i = at; i > 0; i -= i & -i) sum += tree[i]!;
    return sum;
  };
  let [good, pairs] = [0, 0];
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && truth[order[end]!] === truth[order[start]!]) end++;
    const group = order.subarray(start, end);
    for (const i of group) good += (below(place[i]! - 1) + below(place[i]!)) / 2;
    for (const i of group) for (let at = place[i]!; at < tree.length; at += at & -at) tree[at]! += 1;
    pairs += group.length * start;
  }
  return good / pairs;
}

/** Ranks from 1, equal values sharing the mean of theirs. */
function midranks(values: ArrayLike<number>): Float64Array {
  const order = sortedBy(values);
  const ranks = new Float64Array(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (const i of order.subarray(start, end)) ranks[i] = (start + 1 + end) / 2;
  }
  return ranks;
}

function sortedBy(values: ArrayLike<number>): Int32Array {
  return Int32Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
}

function requirePairs(score: ArrayLike<number>, truth: ArrayLike<number>): void {
  if (score.length !== truth.length) {
    throw new LeaError('E_LENGTHS_DIFFER', `${score.length} scores cannot be compared with ${truth.length} truths.`);
  }
  const bad = [score, truth].flatMap((values) => Array.prototype.filter.call(values, Number.isNaN));
  if (bad.length > 0) throw new LeaError('E_SCORE_NAN', 'NaN cannot be ordered.', { value: Number.NaN });
}
