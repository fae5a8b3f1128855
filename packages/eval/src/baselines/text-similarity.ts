import { checkRanges, withDefaults } from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkWindows, itemCounts, type Transitions, type Windows } from '@lea/data';
import { checkVectors, products, type TextVectors } from '../vectors.ts';
import { lastItems } from './last-items.ts';

/** The constants of {@link textSimilarity}. */
export interface TextSimilarityOptions {
  /** How many last items are read; default 10. */
  readonly window?: number;
  /** Weight of an item is `decay^j`, j = 0 for the last; default 0.6. 0 compares with the last item only. */
  readonly decay?: number;
}

/**
 * Items by the likeness of their texts to the history's: sum_j decay^j cosine(i_j, item) over the i_j that are not the item
 * itself, as nothing else would ever rank above a repetition.
 *
 * @param train ranks empty histories by popularity; `null` gives all items 0 there
 * @param vectors text vectors of the items `[N, D]`
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_VECTORS_SHAPE`
 */
export function textSimilarity(
  train: Transitions | null,
  vectors: TextVectors,
  options: TextSimilarityOptions = {},
): Scorer {
  const { window, decay } = withDefaults('textSimilarity', { window: 10, decay: 0.6 }, options);
  checkRanges('textSimilarity', { window, decay }, { window: [1, Number.MAX_VALUE, 'whole'], decay: [0, 1] });
  const items = train?.sequences.itemIds.length ?? vectors.shape[0]!;
  const unit = checkVectors('textSimilarity', vectors, items);
  const { size } = unit;
  const squares = Float64Array.from({ length: items }, (_, item) => squareOf(unit.data, item * size, size));
  const prior = train && itemCounts(train);
  return {
    name: 'textSimilarity',
    items,
    window,
    score(histories: Windows): Float64Array {
      checkWindows(histories, items);
      const scores = new Float64Array(histories.size * items);
      for (let row = 0; row < histories.size; row++) {
        if (histories.length[row] === 0) {
          if (prior) scores.set(prior, row * items);
          continue;
        }
        // The sum of cosines is the cosine with the sum, so one product per item is enough.
        const query = new Float64Array(size);
        const recent = lastItems(histories, row, window);
        for (const [j, item] of recent.entries()) {
          for (let d = 0; d < size; d++) query[d]! += decay ** j * unit.data[item * size + d]!;
        }
        products(unit, query, scores, row * items);
        for (const [j, item] of recent.entries()) scores[row * items + item]! -= decay ** j * squares[item]!;
      }
      return scores;
    },
  };
}

function squareOf(data: Float32Array, start: number, size: number): number {
  return data.subarray(start, start + size).reduce((sum, value) => sum + value * value, 0);
}
