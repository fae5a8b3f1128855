import type { Windows } from '@lea/data';

/** Selection of windows to read such that every window is the beginning of one of them. */
export interface Prefixes {
  /** Rows of the windows to read. */
  readonly read: readonly number[];
  /** For each window, the index in `read` of a window that starts with it, [size]. */
  readonly history: Int32Array;
}

/**
 * Finds windows that need not be read. In a causal decoder, the state of a history equals the state of a longer history at
 * the same position. So if adjacent windows start with each other, such as the histories of one user before the window
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

/** Selects rows of windows in the given order. */
export function windowsAt(windows: Windows, rows: readonly number[]): Windows {
  const { window } = windows;
  const items = new Int32Array(rows.length * window);
  rows.forEach((row, i) => {
    items.set(windows.items.subarray(row * window, (row + 1) * window), i * window);
  });
  return { items, length: Int32Array.from(rows, (row) => windows.length[row]!), size: rows.length, window };
}
