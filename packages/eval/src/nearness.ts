import { checkRanges } from '@lea/core';
import { productsWith } from './linear/products.ts';
import { checkTextVectors, checkVectors, rowsOf, type TextVectors } from './vectors.ts';

/** The similarity of item texts, to be shared by several scorers so that each row is computed once. */
export interface TextNearness {
  /** Number of items. */
  readonly items: number;
  /** Exponent of the cosine. */
  readonly power: number;
  /** The row of an item: max(cosine to `item`, 0)^power of every other item, 0 for itself, and its sum. */
  row(item: number): NearnessRow;
  /** Computes the rows of items that are not known yet, all in one go: `row` then only looks them up. */
  prepare(items: Iterable<number>): void;
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
  const { items } = unit;
  const products = productsWith(unit);
  const raise = RAISE[power] ?? ((x: number) => x ** power);
  const capacity = Math.max(1, Math.floor(CACHE_BYTES / (4 * items)));
  /** The oldest first. */
  const rows = new Map<number, NearnessRow>();
  const prepare = (wanted: Iterable<number>) => {
    const missing = [...new Set(wanted)].filter((item) => !rows.has(item)).slice(0, capacity);
    products(rowsOf(unit, missing), (cosines, i) => {
      const item = missing[i]!;
      cosines[item] = 0;
      const values = new Float32Array(items);
      let sum = 0;
      for (let other = 0; other < items; other++) {
        sum += values[other] = raise(Math.max(cosines[other]!, 0));
      }
      if (rows.size >= capacity) rows.delete(rows.keys().next().value!);
      rows.set(item, { values, sum });
    });
  };
  return {
    items,
    power,
    prepare,
    row(item) {
      if (!rows.has(item)) prepare([item]);
      return rows.get(item)!;
    },
  };
}

/** Products are several times as fast as `**`. */
const RAISE: Readonly<Record<number, (x: number) => number>> = {
  1: (x) => x,
  2: (x) => x * x,
  3: (x) => x * x * x,
  4: (x) => x * x * (x * x),
};
