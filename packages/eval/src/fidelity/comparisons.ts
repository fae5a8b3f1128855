import { fold, key, randomBits, weightedDraw } from '@lea/core';
import { itemCounts, type Transitions } from '@lea/data';

/**
 * The items whose rewards are compared, [rows, 1 + 2 * draws]: the logged action, un-interacted items drawn uniformly, others
 * drawn in proportion to their count in `train`. A row's draws depend on the seed and the row alone, and the first ones
 * are the same however many there are.
 */
export function comparisons(
  test: Transitions,
  train: Transitions,
  seed: number,
  draws: number,
): (rows: Int32Array) => Int32Array {
  const { items, offsets, itemIds } = test.sequences;
  const root = fold(key(seed), 'fidelity');
  const uniform = drawer(new Float64Array(itemIds.length).fill(1));
  const popular = drawer(itemCounts(train));
  const width = 1 + 2 * draws;
  return (rows) => {
    const actions = new Int32Array(rows.length * width);
    rows.forEach((row, i) => {
      const sequence = test.sequence[row]!;
      const own = new Set(items.subarray(offsets[sequence], offsets[sequence + 1]));
      const at = i * width;
      const k = fold(root, row);
      actions[at] = items[test.event[row]!]!;
      for (let d = 0; d < draws; d++) {
        actions[at + 1 + d] = uniform((d === 0 ? k : fold(k, 2 * d)).words, own);
        actions[at + 1 + draws + d] = popular(fold(k, 2 * d + 1).words, own);
      }
    });
    return actions;
  };
}

/** Draws items in proportion to weights, none of a set (when there are others). */
function drawer(weights: Float64Array): (words: readonly [number, number], not: ReadonlySet<number>) => number {
  const draw = weightedDraw(weights);
  return (words, not) => {
    let item = 0;
    for (let attempt = 0; attempt < 100; attempt++) {
      item = draw((randomBits(words, attempt) >>> 0) / 2 ** 32);
      if (!not.has(item)) break;
    }
    return item;
  };
}

/** Share of the comparisons that went the logged action's way, equal rewards counting half. */
export interface Preferences {
  /** [rows] mean over a row's comparisons, NaN where every reward is missing. */
  readonly share: Float64Array;
  /** Over all comparisons. */
  readonly accuracy: number;
  /** Comparisons left out because a reward is missing (NaN). */
  readonly missing: number;
}

/**
 * @param positives rewards of the logged actions [rows]
 * @param negatives rewards of what they are compared with [rows, draws]
 */
export function preferences(positives: ArrayLike<number>, negatives: ArrayLike<number>): Preferences {
  const rows = positives.length;
  const draws = negatives.length / rows;
  const share = new Float64Array(rows);
  let [sum, count] = [0, 0];
  for (let row = 0; row < rows; row++) {
    let [own, compared] = [0, 0];
    for (let d = 0; d < draws; d++) {
      const [a, b] = [positives[row]!, negatives[row * draws + d]!];
      if (Number.isNaN(a) || Number.isNaN(b)) continue;
      own += a > b ? 1 : a === b ? 0.5 : 0;
      compared++;
    }
    share[row] = own / compared;
    sum += own;
    count += compared;
  }
  return { share, accuracy: sum / count, missing: rows * draws - count };
}

/** The columns of {@link comparisons} of all rows, as rewards: [rows], [rows, draws], [rows, draws]. */
export interface Compared {
  readonly logged: Float64Array;
  readonly uniform: Float64Array;
  readonly popular: Float64Array;
}

/** Room for the rewards of `rows` rows, and a way to fill it in order. */
export function comparedRewards(rows: number, draws: number): Compared & { add(rewards: ArrayLike<number>): void } {
  const logged = new Float64Array(rows);
  const uniform = new Float64Array(rows * draws);
  const popular = new Float64Array(rows * draws);
  let row = 0;
  return {
    logged,
    uniform,
    popular,
    /** @param rewards [some rows, 1 + 2 * draws] */
    add(rewards): void {
      for (let i = 0; i < rewards.length; row++) {
        logged[row] = rewards[i++]!;
        for (let d = 0; d < draws; d++) uniform[row * draws + d] = rewards[i++]!;
        for (let d = 0; d < draws; d++) popular[row * draws + d] = rewards[i++]!;
      }
    },
  };
}
