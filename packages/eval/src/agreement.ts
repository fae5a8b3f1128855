import { checkNumbers, LeaError, mean } from '@lea/core';

/** How well scores agree with true values; every measure is NaN if all scores or all true values are equal. */
export interface Agreement {
  /** Pearson correlation, -1 to 1. */
  readonly pearson: number;
  /** Spearman rank correlation, -1 to 1. */
  readonly spearman: number;
  /** Share of the pairs with different true values that the scores order correctly; 0.5 is chance. */
  readonly pairwiseAccuracy: number;
}

/** All three measures of agreement, for example of an environment's reward with the true reward of a synthetic world. */
export function agreement(score: ArrayLike<number>, truth: ArrayLike<number>): Agreement {
  checkNumbers('agreement', { score, truth });
  return {
    pearson: pearson(score, truth),
    spearman: spearman(score, truth),
    pairwiseAccuracy: pairwiseAccuracy(score, truth),
  };
}

/** Pearson correlation; NaN if one side is constant. @throws LeaError `E_LENGTHS_DIFFER`, `E_SCORE_NAN` */
export function pearson(score: ArrayLike<number>, truth: ArrayLike<number>): number {
  requirePairs('pearson', score, truth);
  const centered = (values: ArrayLike<number>): Float64Array => {
    const own = Float64Array.from(values);
    const middle = mean(own);
    return own.map((value) => value - middle);
  };
  const [x, y] = [centered(score), centered(truth)];
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** Spearman rank correlation; ties get their mean rank; NaN if one side is constant. @throws LeaError as {@link pearson} */
export function spearman(score: ArrayLike<number>, truth: ArrayLike<number>): number {
  requirePairs('spearman', score, truth);
  return pearson(midranks(score), midranks(truth));
}

/**
 * Share of the pairs with different true values that the scores order correctly; equal scores count one half. NaN without
 * such a pair. O(n log n).
 *
 * @throws LeaError `E_LENGTHS_DIFFER`, `E_SCORE_NAN`
 */
export function pairwiseAccuracy(score: ArrayLike<number>, truth: ArrayLike<number>): number {
  requirePairs('pairwiseAccuracy', score, truth);
  const place = midranks(score).map((rank) => Math.ceil(rank));
  const order = sortedBy(truth);
  // A Fenwick tree over the ranks of the scores whose true value is smaller than the current one.
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

/** Ranks from 1; equal values get their mean rank. */
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

function requirePairs(where: string, score: ArrayLike<number>, truth: ArrayLike<number>): void {
  checkNumbers(where, { score, truth });
  if (score.length !== truth.length) {
    throw new LeaError(
      'E_LENGTHS_DIFFER',
      `Expected one true value per score, got ${score.length} scores and ${truth.length} true values.`,
    );
  }
  const bad = [score, truth].flatMap((values) => Array.prototype.filter.call(values, Number.isNaN));
  if (bad.length > 0)
    throw new LeaError('E_SCORE_NAN', 'Scores and true values must not be NaN.', { value: Number.NaN });
}
