import { LeaError } from '@lea/core';
import { topK } from '@lea/data';

export interface Positives {
  readonly k: number;
  /** [size, k] items, best first. */
  readonly items: Int32Array;
  /** [size, k] their state logits. */
  readonly logits: Float32Array;
}

/** The k largest of each row, largest first; ties go to the smaller index. */
export function topItems(
  scores: Float32Array,
  size: number,
  k: number,
  exclude?: readonly Iterable<number>[],
): Positives {
  const count = scores.length / size;
  const items = new Int32Array(size * k);
  const logits = new Float32Array(size * k);
  for (let row = 0; row < size; row++) {
    const out = new Set(exclude?.[row]);
    for (const item of out) {
      if (Number.isInteger(item)) continue;
      throw new LeaError('E_ITEM_RANGE', `History ${row} excludes what is no item index.`, { value: item });
    }
    const best = topK(scores.subarray(row * count, (row + 1) * count), k, { exclude: out });
    if (best.length < k) {
      throw new LeaError('E_OPTION_VALUE', `Only ${best.length} items are left to choose from.`, {
        value: k,
        hint: 'Ask for fewer positives (k) or exclude fewer items.',
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
