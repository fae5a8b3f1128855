import type { Scorer } from '@lea/data';
import { checkWindows, itemCounts, type Transitions, type Windows } from '@lea/data';

/** Items by how often they were chosen in `train`, whatever the history. */
export function popularity(train: Transitions): Scorer {
  const counts = itemCounts(train);
  return {
    name: 'popularity',
    items: counts.length,
    window: 1,
    score(histories: Windows): Float64Array {
      checkWindows(histories, counts.length);
      return repeatRow(counts, histories.size);
    },
  };
}

/** `[size * row.length]`: the same row for each history. */
export function repeatRow(row: Float64Array, size: number): Float64Array {
  const scores = new Float64Array(size * row.length);
  for (let i = 0; i < size; i++) scores.set(row, i * row.length);
  return scores;
}

/** [items] a millionth of each item's share of the train events: less than what a baseline counts, so that it decides ties only. */
export function tieBreak(train: Transitions): Float64Array {
  return itemCounts(train).map((count) => (1e-6 * count) / Math.max(1, train.count));
}
