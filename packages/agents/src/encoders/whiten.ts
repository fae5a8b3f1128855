import { key, normal } from '@lea/core';
import type { Value } from '@lea/tensor';

/**
 * PCA whitening: the `size` main directions of the centred rows, each scaled to variance 1 / size, so that rows have
 * length about 1. Directions by subspace iteration (their span converges, and whitening makes every basis of it
 * equally good up to a rotation; ordering within it is not needed).
 *
 * @param text float32 [N, D]
 * @returns [N * size]; columns beyond min(N - 1, D) are zero
 */
export function whiten(text: Value, size: number): Float32Array {
  const [rows, width] = text.shape as [number, number];
  const centred = centre(text.data as Float32Array, rows, width);
  const rank = Math.min(size, width, Math.max(rows - 1, 0));
  const basis = mainDirections(covariance(centred, rows, width), width, rank);
  const projected = new Float64Array(rows * rank);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rank; j++) {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += centred[i * width + d]! * basis[j * width + d]!;
      projected[i * rank + j] = sum;
    }
  }
  // Cholesky of the projected covariance turns any basis of the subspace into a white one.
  const lower = cholesky(covariance(projected, rows, rank), rank);
  const out = new Float32Array(rows * size);
  const scale = 1 / Math.sqrt(size);
  for (let i = 0; i < rows; i++) {
    const row = projected.subarray(i * rank, (i + 1) * rank);
    for (let j = 0; j < rank; j++) {
      let sum = row[j]!;
      for (let k = 0; k < j; k++) sum -= lower[j * rank + k]! * row[k]!;
      row[j] = lower[j * rank + j]! > 0 ? sum / lower[j * rank + j]! : 0;
      out[i * size + j] = row[j]! * scale;
    }
  }
  return out;
}

function centre(data: Float32Array, rows: number, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < rows; i++) for (let d = 0; d < width; d++) mean[d]! += data[i * width + d]! / rows;
  return Float64Array.from(data, (value, i) => value - mean[i % width]!);
}

function covariance(data: Float64Array, rows: number, width: number): Float64Array {
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

/** An orthonormal basis [rank, width] of the span of the `rank` largest eigenvectors. */
function mainDirections(matrix: Float64Array, width: number, rank: number): Float64Array {
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

function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      if (i !== j) lower[i * n + j] = lower[j * n + j]! > 0 ? sum / lower[j * n + j]! : 0;
      else lower[i * n + i] = sum > 1e-12 * matrix[i * n + i]! ? Math.sqrt(sum) : 0;
    }
  }
  return lower;
}
