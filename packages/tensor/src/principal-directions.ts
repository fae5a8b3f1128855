import { key, normal } from '@lea/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Rows minus their mean; [rows, width] flat. */
export function centre(data: Float32Array, rows: number, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < rows; i++) for (let d = 0; d < width; d++) mean[d]! += data[i * width + d]! / rows;
  return Float64Array.from(data, (value, i) => value - mean[i % width]!);
}

/** Mean of the outer products of the rows with themselves, [width, width]. */
export function covariance(data: Float64Array, rows: number, width: number): Float64Array {
  const sum = new Float64Array(width * width);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * width, (i + 1) * width);
    for (let a = 0; a < width; a++) for (let b = 0; b <= a; b++) sum[a * width + b]! += row[a]! * row[b]!;
  }
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      sum[a * width + b]! /= Math.max(rows, 1);
      sum[b * width + a] = sum[a * width + b]!;
    }
  }
  return sum;
}

/**
 * The `rank` eigenvectors of a symmetric matrix with the largest eigenvalues, largest first: `vectors` [rank, width], each
 * of length 1, its largest entry positive (an eigenvector has no sign of its own), and `values` [rank]. Householder and QL
 * of ml-matrix: a second at width 768.
 */
export function mainEigenvectors(
  matrix: Float64Array,
  width: number,
  rank: number,
): { vectors: Float64Array; values: Float64Array } {
  const symmetric = Matrix.from1DArray(width, width, matrix);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, column) => column).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const vectors = new Float64Array(rank * width);
  for (let k = 0; k < rank; k++) {
    const vector = eigenvectorMatrix.getColumn(order[k]!);
    const largest = vector.reduce((kept, entry) => (Math.abs(entry) > Math.abs(kept) ? entry : kept), 0);
    vectors.set(largest < 0 ? vector.map((entry) => -entry) : vector, k * width);
  }
  return { vectors, values: Float64Array.from(order.slice(0, rank), (column) => realEigenvalues[column]!) };
}

/**
 * An orthonormal basis [rank, width] of the span of the `rank` largest eigenvectors of a symmetric matrix, by subspace
 * iteration from a fixed start. A basis of the span, not the eigenvectors themselves ({@link mainEigenvectors}): enough to
 * whiten, and cheaper for a small rank.
 */
export function mainDirections(matrix: Float64Array, width: number, rank: number): Float64Array {
  let basis = Float64Array.from(normal(key(0), rank * width));
  orthonormalise(basis, rank, width);
  for (let round = 0; round < 30; round++) {
    const next = new Float64Array(rank * width);
    for (let j = 0; j < rank; j++) {
      for (let a = 0; a < width; a++) {
        let sum = 0;
        for (let b = 0; b < width; b++) sum += matrix[a * width + b]! * basis[j * width + b]!;
        next[j * width + a] = sum;
      }
    }
    orthonormalise(next, rank, width);
    basis = next;
  }
  return basis;
}

/** Gram-Schmidt, twice over for accuracy; directions of no length become zero. */
function orthonormalise(basis: Float64Array, rank: number, width: number): void {
  for (let j = 0; j < rank; j++) {
    const row = basis.subarray(j * width, (j + 1) * width);
    const before = Math.hypot(...row);
    for (let round = 0; round < 2; round++) {
      for (let k = 0; k < j; k++) {
        let dot = 0;
        for (let d = 0; d < width; d++) dot += row[d]! * basis[k * width + d]!;
        for (let d = 0; d < width; d++) row[d]! -= dot * basis[k * width + d]!;
      }
    }
    const length = Math.hypot(...row);
    for (let d = 0; d < width; d++) row[d] = length > 1e-10 * before ? row[d]! / length : 0;
  }
}
