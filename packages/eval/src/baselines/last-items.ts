import type { Windows } from '@lea/data';

/** The last `count` items of all histories, one after another. */
export function* allLastItems(histories: Windows, count: number): Generator<number> {
  for (let row = 0; row < histories.size; row++) yield* lastItems(histories, row, count);
}

/** The last `count` items of history `row`, most recent first. */
export function lastItems({ items, length, window }: Windows, row: number, count: number): Int32Array {
  const end = row * window + length[row]!;
  return items.slice(end - Math.min(length[row]!, count), end).reverse();
}
