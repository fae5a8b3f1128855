import { type Given, type OptionsSchema, option, parseOptions, whole } from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkTransitions, itemCounts, type Transitions } from '@lea/data';
import { priorScorer } from './prior-scorer.ts';

/** Options of {@link repeatHistory}. */
export interface RepeatHistoryOptions {
  /** Number of last events of the history whose items come first. Default: 10. */
  readonly window: number;
}

/** Defaults and checks of {@link RepeatHistoryOptions}. */
export const repeatHistorySchema: OptionsSchema<RepeatHistoryOptions> = { window: option(whole(1), 10) };

/**
 * Ranks the distinct items of the last `window` events, most recent first, then all others by popularity.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function repeatHistory(train: Transitions, options?: Given<RepeatHistoryOptions>): Scorer {
  checkTransitions('repeatHistory', { train });
  const { window } = parseOptions('repeatHistory', repeatHistorySchema, options);
  const counts = itemCounts(train);
  const top = counts.reduce((most, count) => Math.max(most, count), 0);
  return priorScorer({ name: 'repeatHistory', prior: counts, window }, (recent, scores, start) => {
    // Oldest first, so the most recent occurrence of an item sets its score.
    for (const [i, item] of recent.reverse().entries()) scores[start + item] = top + 1 + i;
  });
}
