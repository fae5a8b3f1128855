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

/** Inner product of each vector with `query`, written to `target[start + item]`. */
export function products(vectors: UnitVectors, query: Float64Array, target: Float64Array, start: number): void {
  const { data, items, size } = vectors;
  // Four vectors at a time: the sums are independent, so the processor can compute them in parallel.
  const whole = items - (items % 4);
  for (let item = 0; item < whole; item += 4) {
    const at = item * size;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      const q = query[i]!;
      a += data[at + i]! * q;
      b += data[at + size + i]! * q;
      c += data[at + 2 * size + i]! * q;
      d += data[at + 3 * size + i]! * q;
    }
    target[start + item] = a;
    target[start + item + 1] = b;
    target[start + item + 2] = c;
    target[start + item + 3] = d;
  }
  for (let item = whole; item < items; item++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += data[item * size + i]! * query[i]!;
    target[start + item] = sum;
  }
}
