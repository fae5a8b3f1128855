import { type ArgumentCheck, argumentCheck, isObject, LeaError } from '@lea/core';
import { isItemList } from '@lea/data';

/** One text vector per item, for example from `tfidfVectors` or a text embedding model. */
export interface TextVectors {
  /** Elements in row-major order. */
  readonly data: ArrayLike<number>;
  /** `[N, D]`: number of items, dimension of the vectors. */
  readonly shape: readonly number[];
}

/** Vectors of length 1, or zero vectors. */
export interface UnitVectors {
  readonly data: Float32Array;
  readonly items: number;
  readonly size: number;
}

/** Refuses what are no text vectors. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkTextVectors: ArgumentCheck = argumentCheck(
  'text vectors with data and shape',
  (value) => isObject(value) && Array.isArray(value.shape) && isItemList(value.data),
  'Make them, for example, with tfidfVectors(texts).',
);

/**
 * Scales rows to length 1, for cosines; zero rows stay zero.
 *
 * @param where name of the function for the error message
 * @throws LeaError `E_VECTORS_SHAPE` if there is not one vector per item
 */
export function checkVectors(where: string, vectors: TextVectors, items: number): UnitVectors {
  checkTextVectors(where, { vectors });
  const [rows, size] = vectors.shape;
  if (vectors.shape.length !== 2 || rows !== items || vectors.data.length !== items * size!) {
    throw new LeaError('E_VECTORS_SHAPE', `${where}: expected text vectors of shape [${items}, D], one per item.`, {
      value: vectors.shape,
      hint: 'Make them from the texts of the same catalog, in the same order.',
    });
  }
  return { data: unitRows(vectors.data, size!), items, size: size! };
}

/** Scales rows to length 1; zero rows stay zero. */
export function unitRows(data: ArrayLike<number>, size: number): Float32Array {
  const unit = Float32Array.from(data);
  for (let start = 0; start < data.length; start += size) {
    const row = unit.subarray(start, start + size);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (norm > 0) for (let i = 0; i < size; i++) row[i]! /= norm;
  }
  return unit;
}

/** [rows, size] the vectors of some items. */
export function rowsOf({ data, size }: UnitVectors, items: readonly number[]): Float32Array {
  const rows = new Float32Array(items.length * size);
  for (const [i, item] of items.entries()) rows.set(data.subarray(item * size, (item + 1) * size), i * size);
  return rows;
}
