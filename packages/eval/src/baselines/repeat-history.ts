import { checkRanges, withDefaults } from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkTransitions, itemCounts, type Transitions } from '@lea/data';
import { priorScorer } from './prior-scorer.ts';

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
  return priorScorer({ name: 'repeatHistory', prior: counts, window }, (recent, scores, start) => {
    // Oldest first, so the most recent occurrence of an item sets its score.
    for (const [i, item] of recent.reverse().entries()) scores[start + item] = top + 1 + i;
  });
}
