/** Helpers of the tests of fits: users of a chain, and options of a fit of seconds. */
import { fold, integers, key, uniform } from '@lea/core';
import { float32, type Value } from '@lea/tensor';

export const ITEMS = 20;

/** Users who go from item i to 3 i + 1 with the given probability, else anywhere. */
export function walks(users: number, predictable: number): number[][] {
  return Array.from({ length: users }, (_, u) => {
    const k = fold(key(7), u);
    const [jump, chance] = [integers(k, 12, ITEMS), uniform(fold(k, 'chance'), 12)];
    const items = [jump[0]!];
    for (let t = 1; t < 12; t++) items.push(chance[t]! < predictable ? (3 * items[t - 1]! + 1) % ITEMS : jump[t]!);
    return items;
  });
}

export const small = { width: 16, layers: 1, heads: 2, window: 11, batch: 96, lr: 0.01, dropout: 0.1, epochs: 8 };

/** The item's number in base 2, as text vectors would tell items apart. */
export const tokens: Value = float32(
  Float32Array.from({ length: ITEMS * 5 }, (_, i) => (Math.floor(i / 5) >> (i % 5)) & 1),
  [ITEMS, 5],
);
