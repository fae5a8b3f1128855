import { fold, key, LeaError, randomBits, withDefaults } from '@lea/core';
import { historyWindows, itemCounts, type Transitions } from '@lea/data';
import type { RewardModel } from './reward-model.ts';

export interface RewardAccuracyOptions {
  /** Gives the popularity that negatives are matched to (default: the test rows themselves). */
  readonly train: Transitions | undefined;
  /** Rows measured at most, the first ones of the set (default all). */
  readonly rows: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: RewardAccuracyOptions = { train: undefined, rows: Infinity, seed: 0, signal: undefined };

export interface RewardAccuracy {
  readonly rows: number;
  /** Share of rows where the logged action gets more reward than an un-interacted item drawn uniformly; ties count half. */
  readonly accuracyUniform: number;
  /** The same against an un-interacted item drawn in proportion to its count in `train`: popularity does not help here. */
  readonly accuracyPopular: number;
  /** Comparisons (two per row) left out because a reward is missing (NaN). */
  readonly missing: number;
}

const CHUNK_ROWS = 512;

/**
 * How often a reward model prefers what users did to what they did not. The same rows, seed and `train` give the same
 * comparisons for every model, so models can be compared by it.
 *
 * @param test rows of users that no fitting saw
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_DATA_EMPTY`
 */
export async function rewardAccuracy(
  model: RewardModel,
  test: Transitions,
  options?: Partial<RewardAccuracyOptions>,
): Promise<RewardAccuracy> {
  const o = withDefaults('rewardAccuracy', DEFAULTS, options);
  const rows = Math.min(o.rows, test.count);
  if (rows === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to measure rewards on.');
  const draw = comparisons(test, o.train ?? test, o.seed);
  const tally = preferences();
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    o.signal?.throwIfAborted();
    const some = Int32Array.from({ length: Math.min(CHUNK_ROWS, rows - from) }, (_, i) => from + i);
    tally.add(await model.rewards(historyWindows(test, some, model.window), draw(some)));
  }
  return { rows, ...tally.result() };
}

/** Per row: the logged action, an un-interacted item drawn uniformly, one drawn by popularity; [rows * 3]. */
export function comparisons(test: Transitions, train: Transitions, seed: number): (rows: Int32Array) => Int32Array {
  const { items, offsets, itemIds } = test.sequences;
  const root = fold(key(seed), 'fidelity');
  const uniform = drawer(new Float64Array(itemIds.length).fill(1));
  const popular = drawer(itemCounts(train));
  return (rows) => {
    const actions = new Int32Array(rows.length * 3);
    rows.forEach((row, i) => {
      const sequence = test.sequence[row]!;
      const own = new Set(items.subarray(offsets[sequence], offsets[sequence + 1]));
      const words = fold(root, row).words;
      actions.set([items[test.event[row]!]!, uniform(words, own), popular(fold({ words }, 1).words, own)], i * 3);
    });
    return actions;
  };
}

/** Adds up the rewards of {@link comparisons}. */
export function preferences() {
  const sums = [0, 0];
  const counts = [0, 0];
  let missing = 0;
  return {
    /** @param rewards [rows * 3] */
    add(rewards: Float32Array): void {
      for (let i = 0; i < rewards.length; i += 3) {
        for (const kind of [0, 1] as const) {
          const [liked, other] = [rewards[i]!, rewards[i + 1 + kind]!];
          if (Number.isNaN(liked) || Number.isNaN(other)) {
            missing++;
            continue;
          }
          sums[kind]! += liked > other ? 1 : liked === other ? 0.5 : 0;
          counts[kind]!++;
        }
      }
    },
    result: (): Omit<RewardAccuracy, 'rows'> => ({
      accuracyUniform: sums[0]! / counts[0]!,
      accuracyPopular: sums[1]! / counts[1]!,
      missing,
    }),
  };
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
