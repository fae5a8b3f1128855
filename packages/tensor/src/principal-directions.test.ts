import { expect, test } from 'vitest';
import { covariance, mainDirections, mainEigenvectors } from './principal-directions.ts';

/** Columns of a Householder reflection I - 2 v v' / |v|^2: orthonormal, with no zeros. */
const reflection = (v: number[]): number[][] => {
  const length = v.reduce((sum, x) => sum + x * x, 0);
  return v.map((_, k) => v.map((x, a) => (a === k ? 1 : 0) - (2 * x * v[k]!) / length));
};

/** sum_k values[k] q_k q_k' */
const compose = (values: number[], columns: number[][]): Float64Array => {
  const n = values.length;
  return Float64Array.from({ length: n * n }, (_, at) =>
    values.reduce((sum, value, k) => sum + value * columns[k]![Math.floor(at / n)]! * columns[k]![at % n]!, 0),
  );
};

test('known eigenvectors come back in the order of their eigenvalues, each with its largest entry positive', () => {
  // Close eigenvalues: a basis of their span is not enough.
  const values = [1, 9, 3, 8.9, 0.5, 3.1];
  const columns = reflection([1, 2, 3, -1, 0.5, 2]);
  const found = mainEigenvectors(compose(values, columns), 6, 4);
  [9, 8.9, 3.1, 3].forEach((value, k) => {
    expect(found.values[k]).toBeCloseTo(value, 10);
    const wanted = columns[values.indexOf(value)]!;
    const largest = wanted.reduce((kept, x) => (Math.abs(x) > Math.abs(kept) ? x : kept), 0);
    wanted.forEach((entry, a) => {
      expect(found.vectors[k * 6 + a]).toBeCloseTo(entry * Math.sign(largest), 9);
    });
  });
});

test('variance along each eigenvector of a covariance is its eigenvalue', () => {
  const rows = Float64Array.from({ length: 40 * 5 }, (_, i) => Math.sin(i * i + 1) * (1 + (i % 5)));
  const matrix = covariance(rows, 40, 5);
  const { vectors, values } = mainEigenvectors(matrix, 5, 5);
  for (let j = 0; j < 5; j++) {
    for (let k = 0; k < 5; k++) {
      let product = 0;
      for (let a = 0; a < 5; a++)
        for (let b = 0; b < 5; b++) product += vectors[j * 5 + a]! * matrix[a * 5 + b]! * vectors[k * 5 + b]!;
      expect(product).toBeCloseTo(j === k ? values[k]! : 0, 9);
    }
  }
});

test('main directions span the largest eigenvectors', () => {
  const values = [1, 9, 3, 8, 0.5, 0.1];
  const columns = reflection([1, 2, 3, -1, 0.5, 2]);
  const basis = mainDirections(compose(values, columns), 6, 2);
  for (const value of [9, 8]) {
    const wanted = columns[values.indexOf(value)]!;
    let inside = 0;
    for (let k = 0; k < 2; k++) {
      let dot = 0;
      for (let a = 0; a < 6; a++) dot += basis[k * 6 + a]! * wanted[a]!;
      inside += dot * dot;
    }
    expect(inside).toBeCloseTo(1, 8);
  }
});
