import { checkRanges } from '@lea/core';
import { checkVectors, products, type TextVectors } from './vectors.ts';

/** How near the texts of items are to each other; scorers that share one make each row once. */
export interface TextNearness {
  readonly items: number;
  readonly power: number;
  /** max(cosine to `item`, 0)^power of every other item, 0 for itself, and the sum of it. */
  row(item: number): NearnessRow;
}

export interface NearnessRow {
  readonly values: Float32Array;
  readonly sum: number;
}

/** The memory that rows may take before they are forgotten and made anew: those of some 13,000 items fit. */
const CACHE_BYTES = 640 * 2 ** 20;

/**
 * The nearness of texts, for several scorers of one catalogue. Rows are made when they are first asked for, and kept, as
 * histories overlap.
 *
 * @param vectors `[N, D]`
 * @param power of the cosine; default 4. Higher lets only the nearest texts count.
 * @throws LeaError `E_VECTORS_SHAPE`, `E_OPTION_VALUE`
 */
export function textNearness(vectors: TextVectors, power = 4): TextNearness {
  checkRanges('textNearness', { power }, { power: [0, Number.MAX_VALUE] });
  const unit = checkVectors('textNearness', vectors, vectors.shape[0]!);
  const { data, items, size } = unit;
  const capacity = Math.max(1, Math.floor(CACHE_BYTES / (4 * items)));
  const rows = new Map<number, NearnessRow>();
  const row = new Float64Array(items);
  return {
    items,
    power,
    row(item) {
      const known = rows.get(item);
      if (known !== undefined) return known;
      products(unit, Float64Array.from(data.subarray(item * size, (item + 1) * size)), row, 0);
      row[item] = 0;
      let sum = 0;
      for (let i = 0; i < items; i++) sum += row[i] = Math.max(row[i]!, 0) ** power;
      const made = { values: Float32Array.from(row), sum };
      if (rows.size >= capacity) rows.clear();
      rows.set(item, made);
      return made;
    },
  };
}
