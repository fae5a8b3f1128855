import type { Scorer } from '@lea/data';
import { checkTransitions, checkWindows, itemCounts, type Transitions, type Windows } from '@lea/data';

/** Ranks items by how often they were chosen in `train`, for every history. */
export function popularity(train: Transitions): Scorer {
  checkTransitions('popularity', { train });
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

/** `[size * row.length]`: repeats a row for each history. */
export function repeatRow(row: Float64Array, size: number): Float64Array {
  const scores = new Float64Array(size * row.length);
  for (let i = 0; i < size; i++) scores.set(row, i * row.length);
  return scores;
}

/** [items] a millionth of each item's share of the train events: smaller than any count, so it only breaks ties. */
export function tieBreak(train: Transitions): Float64Array {
  return itemCounts(train).map((count) => (1e-6 * count) / Math.max(1, train.count));
}
