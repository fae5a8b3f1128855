import { LeaError, withDefaults } from '@lea/core';
import { historyWindows, type Transitions } from '@lea/data';
import type { Environment } from './environment.ts';
import { comparisons, preferences, type RewardAccuracy, type RewardAccuracyOptions } from './reward-accuracy.ts';
import { topItems } from './top-items.ts';

export interface FidelityOptions extends RewardAccuracyOptions {
  /** Positives per row (default 10). */
  readonly k: number;
}

const DEFAULTS: FidelityOptions = { train: undefined, k: 10, rows: Infinity, seed: 0, signal: undefined };

export interface Fidelity extends RewardAccuracy {
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
  const draw = comparisons(test, o.train ?? test, o.seed);
  const rewards = preferences();
  const sums = { precision: 0, ndcg: 0, hr: 0 };

  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    o.signal?.throwIfAborted();
    const some = Int32Array.from({ length: Math.min(CHUNK_ROWS, rows - from) }, (_, i) => from + i);
    const windows = historyWindows(test, some, env.window);
    const encoded = await env.encode(windows);
    const scores = await env.scoreEncoded(encoded);
    const best = topItems(scores, some.length, o.k);
    some.forEach((row, i) => {
      const sequence = test.sequence[row]!;
      const logged = items[test.event[row]!]!;
      const future = new Set(items.subarray(test.event[row], offsets[sequence + 1]));
      const hits = best.items.subarray(i * o.k, (i + 1) * o.k).filter((item) => future.has(item)).length;
      sums.precision += hits / o.k;
      const rank = rankOf(scores.subarray(i * env.items, (i + 1) * env.items), logged);
      if (rank < 10) {
        sums.hr += 1;
        sums.ndcg += 1 / Math.log2(rank + 2);
      }
    });
    rewards.add(await env.rewardsEncoded(encoded, draw(some)));
  }
  return {
    rows,
    ...rewards.result(),
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
