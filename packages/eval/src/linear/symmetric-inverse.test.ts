import { key, uniform } from '@lea/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symmetricMatrix } from './symmetric-inverse.ts';

/** Fills a matrix with M^T M + I of random M, and what is right of the diagonal with what must not be read. */
function random(size: number, seed: number) {
  const draws = uniform(key(seed), size * size).map((u) => u - 0.5);
  const wanted = new Float64Array(size * size);
  const matrix = symmetricMatrix(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < size; k++) sum += draws[k * size + i]! * draws[k * size + j]!;
      wanted[i * size + j] = sum;
      matrix.values[i * matrix.stride + j] = j <= i ? sum : 99;
    }
  }
  return { matrix, wanted };
}

/** Largest difference of A A^-1 from the identity. */
function error(size: number, seed: number): number {
  const { matrix, wanted } = random(size, seed);
  matrix.invert();
  let worst = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = i === j ? -1 : 0;
      for (let k = 0; k < size; k++) sum += wanted[i * size + k]! * matrix.values[k * matrix.stride + j]!;
      worst = Math.max(worst, Math.abs(sum));
    }
  }
  return worst;
}

describe('symmetricMatrix', () => {
  it('inverts by hand', () => {
    const { values, stride, invert } = symmetricMatrix(2);
    values.set([2], 0);
    values.set([1, 3], stride);
    invert();
    for (const [at, value] of [3, -1, -1, 2].entries()) {
      expect(values[(at >> 1) * stride + (at & 1)]).toBeCloseTo(value / 5, 6);
    }
  });

  it('inverts matrices of any small size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (size, seed) => {
        expect(error(size, seed)).toBeLessThan(1e-4);
      }),
    );
  });

  it.each([128, 129, 256, 300])('inverts %d rows in blocks', (size) => {
    expect(error(size, size)).toBeLessThan(1e-4);
  });

  it('refuses what is not positive definite', () => {
    const { values, stride, invert } = symmetricMatrix(2);
    values.set([1], 0);
    values.set([2, 1], stride);
    expect(invert).toThrow(expect.objectContaining({ code: 'E_SINGULAR' }));
  });
});
