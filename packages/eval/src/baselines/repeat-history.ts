import { checkRanges, withDefaults } from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkTransitions, checkWindows, itemCounts, type Transitions, type Windows } from '@lea/data';
import { lastItems } from './last-items.ts';
import { repeatRow } from './popularity.ts';

/**
 * Ranks the distinct items of the last `window` events (default: 10), most recent first, then all others by popularity.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function repeatHistory(train: Transitions, options: { readonly window?: number } = {}): Scorer {
  checkTransitions('repeatHistory', { train });
  const { window } = withDefaults('repeatHistory', { window: 10 }, options);
  checkRanges('repeatHistory', { window }, { window: [1, Number.MAX_VALUE, 'whole'] });
  const counts = itemCounts(train);
  const top = counts.reduce((most, count) => Math.max(most, count), 0);
  const items = counts.length;
  return {
    name: 'repeatHistory',
    items,
    window,
    score(histories: Windows): Float64Array {
      checkWindows(histories, items);
      const scores = repeatRow(counts, histories.size);
      for (let row = 0; row < histories.size; row++) {
        // Oldest first, so the most recent occurrence of an item sets its score.
        for (const [i, item] of lastItems(histories, row, window).reverse().entries()) {
          scores[row * items + item] = top + 1 + i;
        }
      }
      return scores;
    },
  };
}
