import type { Scorer } from '@lea/data';
import { checkTransitions, checkWindows, itemCounts, successions, type Transitions, type Windows } from '@lea/data';
import { lastItems } from './last-items.ts';
import { repeatRow } from './popularity.ts';

/** Ranks items by how often they directly followed the last item in `train`, then all others by popularity. */
export function lastItemMarkov(train: Transitions): Scorer {
  checkTransitions('lastItemMarkov', { train });
  const counts = itemCounts(train);
  const top = counts.reduce((most, count) => Math.max(most, count), 0);
  const items = counts.length;
  const follow = successions(train, 1, () => 1);
  return {
    name: 'lastItemMarkov',
    items,
    window: 1,
    score(histories: Windows): Float64Array {
      checkWindows(histories, items);
      const scores = repeatRow(counts, histories.size);
      for (let row = 0; row < histories.size; row++) {
        for (const last of lastItems(histories, row, 1)) {
          for (let i = follow.offsets[last]!; i < follow.offsets[last + 1]!; i++) {
            scores[row * items + follow.columns[i]!] = top + follow.values[i]!;
          }
        }
      }
      return scores;
    },
  };
}
