import { key, normal } from '@lea/core';
import { float32 } from '@lea/tensor';
import { expect, test } from 'vitest';
import { whiten } from './whiten.ts';

test('columns are uncorrelated, of variance 1 / size and mean 0', () => {
  const [rows, width, size] = [60, 8, 3];
  const scales = [5, 4, 3, 0.2, 0.2, 0.1, 0.1, 0.1];
  const noise = normal(key(1), rows * width);
  const text = float32(
    Array.from(noise, (x, i) => 7 + x * scales[i % width]!),
    [rows, width],
  );
  const white = whiten(text, size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      let mean = 0;
      for (let i = 0; i < rows; i++) {
        product += (white[i * size + a]! * white[i * size + b]!) / rows;
        mean += white[i * size + a]! / rows;
      }
      expect(product).toBeCloseTo(a === b ? 1 / size : 0, 5);
      expect(mean).toBeCloseTo(0, 5);
    }
  }
});

test('fewer directions than columns leave zeros, equal rows stay equal', () => {
  const white = whiten(float32([1, 0, 1, 0, -1, 0], [3, 2]), 4);
  expect(white.every(Number.isFinite)).toBe(true);
  expect(white.slice(0, 4)).toEqual(white.slice(4, 8));
  for (let i = 0; i < 3; i++) for (let j = 1; j < 4; j++) expect(white[i * 4 + j]).toBeCloseTo(0, 6);
});
