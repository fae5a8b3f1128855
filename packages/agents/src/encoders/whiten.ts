import { center, covariance, mainDirections, type Value } from '@lea/tensor';

/**
 * PCA whitening: projects the centered rows onto their `size` principal directions, each scaled to variance 1 / size, so that
 * rows have a length of about 1. The directions come from subspace iteration: their span converges, and after whitening all
 * bases of the span are equal up to a rotation.
 *
 * @param text float32 [N, D]
 * @returns [N * size]; columns beyond min(N - 1, D) are zero
 */
export function whiten(text: Value, size: number): Float32Array {
  const [rows, width] = text.shape as [number, number];
  const centered = center(text.data as Float32Array, rows, width);
  const rank = Math.min(size, width, Math.max(rows - 1, 0));
  const basis = mainDirections(covariance(centered, rows, width), width, rank);
  const projected = new Float64Array(rows * rank);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rank; j++) {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += centered[i * width + d]! * basis[j * width + d]!;
      projected[i * rank + j] = sum;
    }
  }
  // The Cholesky factor of the projected covariance whitens any basis of the subspace.
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
