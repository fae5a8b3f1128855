import type { Windows } from '@lea/data';

/** Which windows are read so that all are, and by which of them. */
export interface Prefixes {
  /** Rows of the windows that are read. */
  readonly read: readonly number[];
  /** Per window the place in `read` of one that begins with it, [size]. */
  readonly history: Int32Array;
}

/**
 * A decoder that looks back only says of a history what it says of a longer one that begins with it, at the same slot.
 * So of neighboring windows that begin one another, as those before the decisions of one user do until the window
 * slides, only the longest is read.
 */
export function prefixesOf({ items, length, size, window }: Windows): Prefixes {
  const read: number[] = [];
  const history = new Int32Array(size);
  for (let row = 0; row < size; row++) {
    const longest = read.at(-1);
    if (longest === undefined || !agree(longest, row)) read.push(row);
    else if (length[row]! > length[longest]!) read[read.length - 1] = row;
    history[row] = read.length - 1;
  }
  return { read, history };

  function agree(a: number, b: number): boolean {
    const common = Math.min(length[a]!, length[b]!);
    for (let i = 0; i < common; i++) {
      if (items[a * window + i] !== items[b * window + i]) return false;
    }
    return true;
  }
}

/** Some rows of windows, in the given order. */
export function windowsAt(windows: Windows, rows: readonly number[]): Windows {
  const { window } = windows;
  const items = new Int32Array(rows.length * window);
  rows.forEach((row, i) => {
    items.set(windows.items.subarray(row * window, (row + 1) * window), i * window);
  });
  return { items, length: Int32Array.from(rows, (row) => windows.length[row]!), size: rows.length, window };
}
