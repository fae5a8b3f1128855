import { checkNumbers, checkRanges, key, normal } from '@lea/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Subtracts the mean row from each row; [rows, width], flat. */
export function center(data: Float32Array, rows: number, width: number): Float64Array {
  checkNumbers('center', { data });
  checkRanges('center', { rows, width }, { rows: [0, Infinity, 'whole'], width: [0, Infinity, 'whole'] });
  const mean = new Float64Array(width);
  for (let i = 0; i < rows; i++) for (let d = 0; d < width; d++) mean[d]! += data[i * width + d]! / rows;
  return Float64Array.from(data, (value, i) => value - mean[i % width]!);
}

/** [width, width] covariance of centered rows: the mean of the outer products of the rows with themselves. */
export function covariance(data: Float64Array, rows: number, width: number): Float64Array {
  checkNumbers('covariance', { data });
  checkRanges('covariance', { rows, width }, { rows: [0, Infinity, 'whole'], width: [0, Infinity, 'whole'] });
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
 * The `rank` eigenvectors of a symmetric matrix with the largest eigenvalues, in descending order: `vectors` [rank, width],
 * each of length 1 with a positive largest entry (the sign of an eigenvector is arbitrary), and `values` [rank]. Uses
 * Householder and QL of ml-matrix, which take a second at width 768.
 */
export function mainEigenvectors(
  matrix: Float64Array,
  width: number,
  rank: number,
): { vectors: Float64Array; values: Float64Array } {
  checkNumbers('mainEigenvectors', { matrix });
  checkRanges('mainEigenvectors', { width, rank }, { width: [1, Infinity, 'whole'], rank: [0, width, 'whole'] });
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
 * An orthonormal basis [rank, width] of the subspace of the `rank` leading eigenvectors of a symmetric matrix, by subspace
 * iteration from a fixed start. It is a basis, not the eigenvectors themselves (see {@link mainEigenvectors}); this suffices
 * for whitening and is cheaper for a small rank.
 */
export function mainDirections(matrix: Float64Array, width: number, rank: number): Float64Array {
  checkNumbers('mainDirections', { matrix });
  checkRanges('mainDirections', { width, rank }, { width: [1, Infinity, 'whole'], rank: [0, width, 'whole'] });
  let basis = Float64Array.from(normal(key(0), rank * width));
  orthonormalize(basis, rank, width);
  for (let round = 0; round < 30; round++) {
    const next = new Float64Array(rank * width);
    for (let j = 0; j < rank; j++) {
      for (let a = 0; a < width; a++) {
        let sum = 0;
        for (let b = 0; b < width; b++) sum += matrix[a * width + b]! * basis[j * width + b]!;
        next[j * width + a] = sum;
      }
    }
    orthonormalize(next, rank, width);
    basis = next;
  }
  return basis;
}

/** Gram-Schmidt, applied twice for accuracy; linearly dependent directions become zero. */
function orthonormalize(basis: Float64Array, rank: number, width: number): void {
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
