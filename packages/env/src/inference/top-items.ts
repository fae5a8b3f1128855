import { LeaError } from '@lea/core';

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
  const banned = new Uint8Array(count);
  for (let row = 0; row < size; row++) {
    const out = [...(exclude?.[row] ?? [])];
    for (const item of out) {
      if (!Number.isInteger(item)) {
        throw new LeaError('E_ITEM_RANGE', `History ${row} excludes what is no item index.`, { value: item });
      }
      banned[item] = 1;
    }
    let filled = 0;
    const at = row * k;
    for (let item = 0; item < count; item++) {
      const value = scores[row * count + item]!;
      if (banned[item] || (filled === k && value <= logits[at + k - 1]!)) continue;
      let place = filled < k ? filled++ : k - 1;
      for (; place > 0 && value > logits[at + place - 1]!; place--) {
        logits[at + place] = logits[at + place - 1]!;
        items[at + place] = items[at + place - 1]!;
      }
      logits[at + place] = value;
      items[at + place] = item;
    }
    for (const item of out) banned[item] = 0;
    if (filled < k) {
      throw new LeaError('E_OPTION_VALUE', `Only ${filled} items are left to choose from.`, {
        value: k,
        hint: 'Ask for fewer positives (k) or exclude fewer items.',
      });
    }
  }
  return { k, items, logits };
}
