import { LeaError } from '@lea/core';
import type { UnitVectors } from '../vectors.ts';
import { pack } from './pack.ts';
import { TILE, tileKernel } from './tile-kernel.ts';
import { floatArrays, MOST_FLOATS } from './web-assembly.ts';

/**
 * Calls `visit` with the products of each query and all vectors, `[items]`. They are overwritten after the call.
 *
 * @param queries `[count, size]`
 */
export type Products = (queries: Float32Array, visit: (products: Float32Array, query: number) => void) => void;

/** Queries that share a pass over the vectors, which are then read from memory less often. */
const BLOCK = 32;

/**
 * Prepares inner products of queries with all vectors, in single precision. Equal vectors have equal products.
 *
 * @throws LeaError `E_VECTORS_SHAPE` if the vectors take more than 4 GiB
 */
export function productsWith({ data, items, size }: UnitVectors): Products {
  const stride = Math.ceil(items / TILE.columns) * TILE.columns;
  const lengths = [stride * size, BLOCK * size, BLOCK * stride];
  if (lengths.reduce((sum, length) => sum + length, 0) > MOST_FLOATS) {
    throw new LeaError('E_VECTORS_SHAPE', 'Text vectors and products of 32 items may take at most 4 GiB.', {
      value: [items, size],
      hint: 'Pass vectors of fewer dimensions.',
    });
  }
  const { memory, arrays } = floatArrays(lengths);
  const [columns, rows, sums] = arrays as [Float32Array, Float32Array, Float32Array];
  pack(columns, TILE.columns, size, stride, (p, i) => (i < items ? data[i * size + p]! : 0));
  const kernel = tileKernel(memory);
  return (queries, visit) => {
    const count = queries.length / size;
    for (let first = 0; first < count; first += BLOCK) {
      const used = Math.min(BLOCK, count - first);
      const height = Math.ceil(used / TILE.rows) * TILE.rows;
      // Negated, because the kernel subtracts.
      pack(rows, TILE.rows, size, height, (p, i) => (i < used ? -queries[(first + i) * size + p]! : 0));
      sums.fill(0, 0, height * stride);
      for (let j = 0; j < stride; j += TILE.columns) {
        for (let i = 0; i < height; i += TILE.rows) {
          const [u, v] = [rows.byteOffset + 4 * i * size, columns.byteOffset + 4 * j * size];
          kernel(sums.byteOffset + 4 * (i * stride + j), u, v, size, 4 * stride);
        }
      }
      for (let i = 0; i < used; i++) visit(sums.subarray(i * stride, i * stride + items), first + i);
    }
  };
}
