import { LeaError } from '@lea/core';
import type { Scores } from './scorer.ts';

/** One vector per item, row after row: what tfidfVectors or a text model gives. */
export interface TextVectors {
  readonly data: Float32Array;
  /** `[N, D]` */
  readonly shape: readonly number[];
}

/**
 * Rows scaled to length 1, for cosines; rows of zeros stay.
 *
 * @param where named in the error
 * @throws LeaError `E_VECTORS_SHAPE` when there is not one vector per item
 */
export function checkVectors(where: string, vectors: TextVectors, items: number): TextVectors {
  const [rows, size] = vectors.shape;
  if (vectors.shape.length !== 2 || rows !== items || vectors.data.length !== items * size!) {
    throw new LeaError('E_VECTORS_SHAPE', `${where} needs text vectors of shape [${items}, D], one per item.`, {
      value: vectors.shape,
      hint: 'Make them from the texts of the same catalogue, in its order.',
    });
  }
  return { shape: vectors.shape, data: unitRows(vectors.data, size!) };
}

/** Rows scaled to length 1; rows of zeros stay. */
export function unitRows(data: Float32Array, size: number): Float32Array {
  const unit = data.slice();
  for (let start = 0; start < data.length; start += size) {
    const row = unit.subarray(start, start + size);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (norm > 0) for (let i = 0; i < size; i++) row[i]! /= norm;
  }
  return unit;
}

/** Inner product of each vector with `query`, written to `target[start + item]`. */
export function products(vectors: TextVectors, query: Scores, target: Scores, start: number): void {
  const { data, shape } = vectors;
  const size = shape[1]!;
  for (let item = 0, at = 0; at < data.length; item++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += data[at++]! * query[i]!;
    target[start + item] = sum;
  }
}

/** The memory that rows of nearness may take before they are forgotten and made anew. */
const CACHE_BYTES = 256 * 2 ** 20;

/** For an item, max(cosine to it, 0)^power over the sum of that over all items; rows are kept, as histories overlap. */
export function nearnessRows(unit: TextVectors, power: number): (item: number) => Float32Array {
  const [items, size] = unit.shape as [number, number];
  const capacity = Math.max(1, Math.floor(CACHE_BYTES / (4 * items)));
  const rows = new Map<number, Float32Array>();
  return (item) => {
    let row = rows.get(item);
    if (row === undefined) {
      if (rows.size >= capacity) rows.clear();
      row = new Float32Array(items);
      products(unit, unit.data.subarray(item * size, (item + 1) * size), row, 0);
      let sum = 0;
      for (let i = 0; i < items; i++) sum += row[i] = Math.max(row[i]!, 0) ** power;
      if (sum > 0) for (let i = 0; i < items; i++) row[i]! /= sum;
      rows.set(item, row);
    }
    return row;
  };
}
