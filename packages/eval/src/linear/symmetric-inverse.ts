import { LeaError } from '@lea/core';
import { pack } from './pack.ts';
import { TILE, type TileKernel, tileKernel } from './tile-kernel.ts';
import { floatArrays } from './web-assembly.ts';

/** A symmetric matrix in single precision, with buffers to invert it. */
export interface SymmetricMatrix {
  /** Number of rows. */
  readonly size: number;
  /** Distance between rows in `values`. */
  readonly stride: number;
  /** Row i is `[i * stride, i * stride + size)`; initially zeros. */
  readonly values: Float32Array;
  /**
   * Replaces the matrix by its inverse. Reads only the lower triangle and writes all elements. Takes size³ operations in
   * single precision, a few seconds for 4,000 rows.
   *
   * @throws LeaError `E_SINGULAR` if the matrix is not positive definite in single precision
   */
  invert(): void;
}

/** Number of rows per sweep: more rows mean less memory traffic and more work on the diagonal. */
const BLOCK = 128;

/** A matrix of zeros. Memory: 4 size² bytes. */
export function symmetricMatrix(size: number): SymmetricMatrix {
  const stride = Math.ceil(size / TILE.columns) * TILE.columns;
  const depth = Math.min(BLOCK, stride);
  const lengths = [stride * stride, depth * stride, depth * stride, depth * stride, depth * depth];
  const { memory, arrays } = floatArrays(lengths);
  const [values, columns, product, rows, pivot] = arrays as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return {
    size,
    stride,
    values,
    invert: () => {
      // The rows that pad the last tile are rows of the identity.
      for (let i = size; i < stride; i++) values[i * stride + i] = 1;
      const kernel = tileKernel(memory);
      for (let first = 0; first < stride; first += BLOCK) {
        sweep({ values, stride, columns, product, rows, pivot, kernel }, first, Math.min(BLOCK, stride - first));
      }
      negateAndMirror(values, stride);
    },
  };
}

interface Parts {
  readonly values: Float32Array;
  readonly stride: number;
  /** `[stride / 8, depth, 8]`: the block's columns C, packed for the kernel. */
  readonly columns: Float32Array;
  /** `[depth, stride]`: -S C, with S the inverse of the block on the diagonal. */
  readonly product: Float32Array;
  /** `[stride / 4, depth, 4]`: S C packed. */
  readonly rows: Float32Array;
  /** `[depth / 4, depth, 4]`: S packed. */
  readonly pivot: Float32Array;
  readonly kernel: TileKernel;
}

/**
 * Sweeps `depth` rows of the matrix A: with K these rows and S = A_KK^-1, A_ij -= A_iK S A_Kj, A_iK becomes A_iK S, and
 * A_KK becomes -S; when all are swept A is -A^-1 (Goodnight, The American Statistician 33, 1979). Symmetric positive
 * definite matrices need no pivoting.
 */
function sweep(parts: Parts, first: number, depth: number): void {
  const { values, stride, columns, product, rows, pivot, kernel } = parts;
  const inverse = inverseOfBlock(values, stride, first, depth);
  pack(pivot, TILE.rows, depth, depth, (p, i) => inverse[p * depth + i]!);
  // The position of A_iK in the lower triangle. For i in K it is inside the block, which is overwritten at the end.
  const place = (p: number, i: number): number => (i < first ? (first + p) * stride + i : i * stride + first + p);
  pack(columns, TILE.columns, depth, stride, (p, i) => values[place(p, i)]!);
  product.fill(0);
  const at = { values: values.byteOffset, columns: columns.byteOffset, product: product.byteOffset };
  for (let p = 0; p < depth; p += TILE.rows) {
    const u = pivot.byteOffset + 4 * p * depth;
    for (let j = 0; j < stride; j += TILE.columns) {
      kernel(at.product + 4 * (p * stride + j), u, at.columns + 4 * j * depth, depth, 4 * stride);
    }
  }
  pack(rows, TILE.rows, depth, stride, (p, i) => -product[p * stride + i]!);
  for (let i = 0; i < stride; i += TILE.rows) {
    const u = rows.byteOffset + 4 * i * depth;
    for (let j = 0; j < i + TILE.rows; j += TILE.columns) {
      kernel(at.values + 4 * (i * stride + j), u, at.columns + 4 * j * depth, depth, 4 * stride);
    }
  }
  for (let p = 0; p < depth; p++) {
    for (let i = 0; i < stride; i++) values[place(p, i)] = -product[p * stride + i]!;
  }
  for (let p = 0; p < depth; p++) {
    for (let q = 0; q < depth; q++) values[(first + p) * stride + first + q] = -inverse[p * depth + q]!;
  }
}

/** Inverse of a diagonal block, in double precision, by the same sweeps row by row. */
function inverseOfBlock(values: Float32Array, stride: number, first: number, depth: number): Float64Array {
  const block = new Float64Array(depth * depth);
  for (let p = 0; p < depth; p++) {
    for (let q = 0; q <= p; q++) {
      block[p * depth + q] = block[q * depth + p] = values[(first + p) * stride + first + q]!;
    }
  }
  for (let k = 0; k < depth; k++) {
    const pivot = block[k * depth + k]!;
    if (!(pivot > 0)) {
      throw new LeaError('E_SINGULAR', 'The matrix cannot be inverted in single precision.', {
        value: pivot,
        hint: 'Raise regularization, which is added to its diagonal.',
      });
    }
    for (let i = 0; i < depth; i++) {
      if (i === k) continue;
      const factor = block[i * depth + k]! / pivot;
      for (let j = 0; j < depth; j++) if (j !== k) block[i * depth + j]! -= factor * block[k * depth + j]!;
    }
    for (let i = 0; i < depth; i++) {
      if (i === k) continue;
      block[i * depth + k]! /= pivot;
      block[k * depth + i]! /= pivot;
    }
    block[k * depth + k] = -1 / pivot;
  }
  return block.map((value) => -value);
}

function negateAndMirror(values: Float32Array, stride: number): void {
  for (let i = 0; i < stride; i++) {
    for (let j = 0; j <= i; j++) values[j * stride + i] = values[i * stride + j] = -values[i * stride + j]!;
  }
}
