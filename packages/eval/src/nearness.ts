import { checkRanges } from '@lea/core';
import { checkTextVectors, checkVectors, products, type TextVectors } from './vectors.ts';

/** The similarity of item texts, to be shared by several scorers so that each row is computed once. */
export interface TextNearness {
  /** Number of items. */
  readonly items: number;
  /** Exponent of the cosine. */
  readonly power: number;
  /** The row of an item: max(cosine to `item`, 0)^power of every other item, 0 for itself, and its sum. */
  row(item: number): NearnessRow;
}

/** A row of the similarity matrix. */
export interface NearnessRow {
  /** [items] similarity to each item */
  readonly values: Float32Array;
  /** Sum of `values`. */
  readonly sum: number;
}

/** Memory limit of the cached rows; all rows fit for up to about 13,000 items. */
const CACHE_BYTES = 640 * 2 ** 20;

/**
 * The similarity of item texts, for several scorers of one catalog. Rows are computed on demand and cached, because histories
 * overlap.
 *
 * @param vectors text vectors `[N, D]`
 * @param power exponent of the cosine; with higher values only the nearest texts count. Default: 4.
 * @throws LeaError `E_VECTORS_SHAPE`, `E_OPTION_VALUE`
 */
export function textNearness(vectors: TextVectors, power = 4): TextNearness {
  checkTextVectors('textNearness', { vectors });
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
