import { type OptionsSchema, option, parseOptions, share, whole } from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkTransitions, checkWindows, itemCounts, type Transitions, type Windows } from '@lea/data';
import { checkTextVectors, checkVectors, products, type TextVectors } from '../vectors.ts';
import { lastItems } from './last-items.ts';

/** Options of {@link textSimilarity}. */
export interface TextSimilarityOptions {
  /** Number of last items of the history that are used. Default: 10. */
  readonly window: number;
  /** The weight of an item is `decay^j`, with j = 0 for the last; 0 uses the last item only. Default: 0.6. */
  readonly decay: number;
}

/** Defaults and checks of {@link TextSimilarityOptions}. */
export const textSimilaritySchema: OptionsSchema<TextSimilarityOptions> = {
  window: option(whole(1), 10),
  decay: option(share, 0.6),
};

/**
 * Ranks items by the similarity of their texts to those of the history: sum_j decay^j cosine(i_j, item) over all i_j other than
 * the item itself, because otherwise items of the history would always rank first.
 *
 * @param train ranks empty histories by popularity; with `null` all items score 0 there
 * @param vectors text vectors of the items `[N, D]`
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_VECTORS_SHAPE`
 */
export function textSimilarity(
  train: Transitions | null,
  vectors: TextVectors,
  options?: Partial<TextSimilarityOptions>,
): Scorer {
  if (train !== null) checkTransitions('textSimilarity', { train });
  checkTextVectors('textSimilarity', { vectors });
  const { window, decay } = parseOptions('textSimilarity', textSimilaritySchema, options);
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
        // The vectors have length 1, so the sum of cosines is the product with the sum: one product per item suffices.
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
