import { checkNumbers, checkRanges } from '@lea/core';
import { Matrix, SingularValueDecomposition } from 'ml-matrix';

/**
 * The rotation (or reflection) R [width, width] that carries rows closest to other rows: the orthogonal matrix of least
 * |from R - to|^2 (orthogonal Procrustes problem, Schönemann 1966).
 *
 * @param from centered rows, [rows, width] flat @param to the same
 */
export function rotationBetween(from: Float64Array, to: Float64Array, rows: number, width: number): Float64Array {
  checkNumbers('rotationBetween', { from, to });
  checkRanges('rotationBetween', { rows, width }, { rows: [0, Infinity, 'whole'], width: [1, Infinity, 'whole'] });
  const product = new Matrix(width, width);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < width; a++) {
      const x = from[i * width + a]!;
      for (let b = 0; b < width; b++) product.set(a, b, product.get(a, b) + x * to[i * width + b]!);
    }
  }
  const { leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(product);
  return Float64Array.from(leftSingularVectors.mmul(rightSingularVectors.transpose()).to1DArray());
}
