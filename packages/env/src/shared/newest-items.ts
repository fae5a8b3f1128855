import type { Windows } from '@lea/data';

/** The newest items of a history, at most `most` of them, oldest first. */
export function newestItems({ items, length, window }: Windows, row: number, most: number): Int32Array {
  const end = row * window + length[row]!;
  return items.subarray(end - Math.min(length[row]!, most), end);
}
