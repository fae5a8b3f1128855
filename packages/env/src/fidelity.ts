import { fold, key, LeaError, randomBits, withDefaults } from '@lea/core';
import { historyWindows, itemCounts, type Transitions } from '@lea/data';
import type { Environment } from './environment.ts';
import { topItems } from './top-items.ts';

export interface FidelityOptions {
  /** Gives the popularity that negatives are matched to. */
  readonly train: Transitions | undefined;
  /** Positives per row (default 10). */
  readonly k: number;
  /** Rows measured at most, the first ones of the set (default all). */
  readonly rows: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: FidelityOptions = { train: undefined, k: 10, rows: Infinity, seed: 0, signal: undefined };

export interface Fidelity {
  readonly rows: number;
  /** Share of rows where the logged action gets more reward than an un-interacted item drawn uniformly; ties count half. */
  readonly accuracyUniform: number;
  /** The same against an un-interacted item drawn in proportion to its count in `train`: popularity does not help here. */
  readonly accuracyPopular: number;
  /** Mean share of the k positives that occur in what is left of the user's history, the logged action included. */
  readonly precision: number;
  /** NDCG@10 and HR@10 of the state model over the whole catalogue; ties go to the smaller index. */
  readonly ndcg: number;
  readonly hr: number;
}

const CHUNK_ROWS = 512;

/**
 * How well a fitted environment agrees with held-out users.
 *
 * @param test rows of users that no fitting saw
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_DATA_EMPTY`
 */
export async function fidelity(
  env: Environment,
  test: Transitions,
  options?: Partial<FidelityOptions>,
): Promise<Fidelity> {
  const o = withDefaults('fidelity', DEFAULTS, options);
  const rows = Math.min(o.rows, test.count);
  if (rows === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to measure fidelity on.');
  const { items, offsets } = test.sequences;
  const root = fold(key(o.seed), 'fidelity');
  const uniform = drawer(new Float64Array(env.items).fill(1));
  const popular = drawer(itemCounts(o.train ?? test));
  const sums = { uniform: 0, popular: 0, precision: 0, ndcg: 0, hr: 0 };

  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    o.signal?.throwIfAborted();
    const some = Int32Array.from({ length: Math.min(CHUNK_ROWS, rows - from) }, (_, i) => from + i);
    const windows = historyWindows(test, some, env.window);
    const encoded = await env.encode(windows);
    const scores = await env.scoreEncoded(encoded);
    const best = topItems(scores, some.length, o.k);
    const actions = new Int32Array(some.length * 3);
    some.forEach((row, i) => {
      const sequence = test.sequence[row]!;
      const own = new Set(items.subarray(offsets[sequence], offsets[sequence + 1]));
      const logged = items[test.event[row]!]!;
      const words = fold(root, row).words;
      actions.set([logged, uniform(words, own), popular(fold({ words }, 1).words, own)], i * 3);
      const future = new Set(items.subarray(test.event[row], offsets[sequence + 1]));
      const hits = best.items.subarray(i * o.k, (i + 1) * o.k).filter((item) => future.has(item)).length;
      sums.precision += hits / o.k;
      const rank = rankOf(scores.subarray(i * env.items, (i + 1) * env.items), logged);
      if (rank < 10) {
        sums.hr += 1;
        sums.ndcg += 1 / Math.log2(rank + 2);
      }
    });
    const rewards = await env.rewardsEncoded(encoded, actions);
    for (let i = 0; i < some.length; i++) {
      const [logged, random, liked] = rewards.subarray(i * 3, i * 3 + 3) as unknown as [number, number, number];
      sums.uniform += logged > random ? 1 : logged === random ? 0.5 : 0;
      sums.popular += logged > liked ? 1 : logged === liked ? 0.5 : 0;
    }
  }
  return {
    rows,
    accuracyUniform: sums.uniform / rows,
    accuracyPopular: sums.popular / rows,
    precision: sums.precision / rows,
    ndcg: sums.ndcg / rows,
    hr: sums.hr / rows,
  };
}

/** How many items stand before this one. */
function rankOf(scores: Float32Array, item: number): number {
  const own = scores[item]!;
  let rank = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > own || (scores[i] === own && i < item)) rank++;
  return rank;
}

/** Draws items in proportion to weights, none of a set (when there are others). */
function drawer(weights: Float64Array): (words: readonly [number, number], not: ReadonlySet<number>) => number {
  const sums = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, i) => {
    sums[i] = total += weight;
  });
  return (words, not) => {
    let item = 0;
    for (let attempt = 0; attempt < 100; attempt++) {
      const at = ((randomBits(words, attempt) >>> 0) / 2 ** 32) * total;
      let [low, high] = [0, sums.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sums[middle]! > at) high = middle;
        else low = middle + 1;
      }
      item = low;
      if (!not.has(item)) break;
    }
    return item;
  };
}
