import type { Scorer } from '@lea/data';
import { checkTransitions, itemCounts, successions, type Transitions } from '@lea/data';
import { priorScorer } from './prior-scorer.ts';

/**
 * Ranks items by how often they directly followed the last item in `train`, then all others by popularity. Items that followed
 * equally often are ranked by their index, not by popularity.
 */
export function lastItemMarkov(train: Transitions): Scorer {
  checkTransitions('lastItemMarkov', { train });
  const counts = itemCounts(train);
  const top = counts.reduce((most, count) => Math.max(most, count), 0);
  const follow = successions(train, 1, () => 1);
  return priorScorer({ name: 'lastItemMarkov', prior: counts, window: 1 }, (recent, scores, start) => {
    for (const last of recent) {
      for (let i = follow.offsets[last]!; i < follow.offsets[last + 1]!; i++) {
        scores[start + follow.columns[i]!] = top + follow.values[i]!;
      }
    }
  });
}
