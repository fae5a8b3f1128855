import { LeaError } from '@lea/core';
import type { Windows } from './windows.ts';

/**
 * Checks that the arrays of windows fit together and that all items are in the catalog.
 *
 * @throws LeaError `E_WINDOWS`, `E_ITEM_RANGE`
 */
export function checkWindows(windows: Windows, catalog: number): void {
  const { items, length, size, window } = windows ?? {};
  const fits =
    items instanceof Int32Array &&
    length instanceof Int32Array &&
    items.length === size * window &&
    length.length === size;
  if (!fits) {
    throw new LeaError('E_WINDOWS', 'The arrays of the windows do not fit together.', {
      value: { items: items?.length, length: length?.length, size, window },
      hint: 'Make them with windowsOf or historyWindows: items int32 [size, window], length int32 [size].',
    });
  }
  for (let row = 0; row < size; row++) {
    const used = length[row]!;
    if (used < 0 || used > window) {
      throw new LeaError('E_WINDOWS', `The length of history ${row} must be in 0..${window}.`, { value: used });
    }
    for (let i = row * window; i < row * window + used; i++) {
      if (items[i]! >= 0 && items[i]! < catalog) continue;
      throw new LeaError('E_ITEM_RANGE', `Items of history ${row} must be in 0..${catalog - 1}.`, {
        value: items[i],
      });
    }
  }
}
