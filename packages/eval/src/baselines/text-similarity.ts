import { type Given, type OptionsSchema, option, parseOptions, share, whole } from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkTransitions, checkWindows, itemCounts, type Transitions, type Windows } from '@lea/data';
import { productsWith } from '../linear/products.ts';
import { checkTextVectors, checkVectors, type TextVectors } from '../vectors.ts';
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
  options?: Given<TextSimilarityOptions>,
): Scorer {
  if (train !== null) checkTransitions('textSimilarity', { train });
  checkTextVectors('textSimilarity', { vectors });
  const { window, decay } = parseOptions('textSimilarity', textSimilaritySchema, options);
  const items = train?.sequences.itemIds.length ?? vectors.shape[0]!;
  const unit = checkVectors('textSimilarity', vectors, items);
  const { data, size } = unit;
  const products = productsWith(unit);
  const squares = Float32Array.from({ length: items }, (_, item) => squareOf(data, item * size, size));
  const prior = train && itemCounts(train);
  return {
    name: 'textSimilarity',
    items,
    window,
    score(histories: Windows): Float64Array {
      checkWindows(histories, items);
      const scores = new Float64Array(histories.size * items);
      const recent = Array.from({ length: histories.size }, (_, row) => lastItems(histories, row, window));
      // The vectors have length 1, so the sum of cosines is the product with the sum: one product per item suffices.
      const queries = new Float32Array(histories.size * size);
      for (const [row, own] of recent.entries()) {
        const query = new Float64Array(size);
        for (const [j, item] of own.entries()) {
          for (let d = 0; d < size; d++) query[d]! += decay ** j * data[item * size + d]!;
        }
        queries.set(query, row * size);
      }
      products(queries, (cosines, row) => {
        scores.set(cosines, row * items);
        for (const [j, item] of recent[row]!.entries()) scores[row * items + item]! -= decay ** j * squares[item]!;
        if (prior && recent[row]!.length === 0) scores.set(prior, row * items);
      });
      return scores;
    },
  };
}

/** In the order and precision of the products, so that an item's cosine to itself cancels. */
function squareOf(data: Float32Array, start: number, size: number): number {
  return data.subarray(start, start + size).reduce((sum, value) => Math.fround(sum + Math.fround(value * value)), 0);
}
