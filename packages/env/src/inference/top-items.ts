import { LeaError } from '@lea/core';
import { type Scores, topK } from '@lea/data';

/** The k best items of each history. */
export interface Positives {
  /** Number of items per history. */
  readonly k: number;
  /** Items, best first, [size, k]. */
  readonly items: Int32Array;
  /** State logits of the items, [size, k]. */
  readonly logits: Float32Array;
}

/**
 * The k highest scores of each row; ties go to the smaller index.
 *
 * @throws LeaError `E_ITEM_RANGE`, `E_OPTION_VALUE`, `E_SCORE_NAN`
 */
export function topItems(scores: Scores, size: number, k: number, exclude?: readonly Iterable<number>[]): Positives {
  const count = scores.length / size;
  if (scores.includes(Number.NaN)) {
    const row = Math.floor(scores.findIndex(Number.isNaN) / count);
    throw new LeaError('E_SCORE_NAN', `Scores must be numbers, and one of history ${row} is NaN.`, {
      value: Number.NaN,
      hint: 'The training of the model may have diverged: lower its learning rate.',
    });
  }
  const items = new Int32Array(size * k);
  const logits = new Float32Array(size * k);
  for (let row = 0; row < size; row++) {
    const out = new Set(exclude?.[row]);
    for (const item of out) {
      if (Number.isInteger(item)) continue;
      throw new LeaError('E_ITEM_RANGE', `Excluded items must be item indices (history ${row}).`, { value: item });
    }
    const best = topK(scores.subarray(row * count, (row + 1) * count), k, { exclude: out });
    if (best.length < k) {
      throw new LeaError('E_OPTION_VALUE', `k must not exceed the number of remaining items, ${best.length}.`, {
        value: k,
        hint: 'Ask for fewer items (k), or exclude fewer.',
      });
    }
    items.set(
      best.map(({ item }) => item),
      row * k,
    );
    logits.set(
      best.map(({ score }) => score),
      row * k,
    );
  }
  return { k, items, logits };
}
