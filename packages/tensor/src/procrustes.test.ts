import { key, normal } from '@lea/core';
import { expect, it } from 'vitest';
import { rotationBetween } from './procrustes.ts';

it('finds a quarter turn', () => {
  // (1, 0) goes to (0, 2), (0, 1) to (-2, 0): lengths do not matter.
  const turn = rotationBetween(Float64Array.of(1, 0, 0, 1), Float64Array.of(0, 2, -2, 0), 2, 2);
  expect([...turn].map((x) => Math.round(x * 1e12) / 1e12 + 0)).toEqual([0, 1, -1, 0]);
});

it('finds the rotation between noisy rows, and is orthogonal', () => {
  const [rows, cos, sin] = [200, Math.cos(0.7), Math.sin(0.7)];
  const from = Float64Array.from(normal(key(1), rows * 2));
  const noise = normal(key(2), rows * 2);
  const to = from.map((_, i) => {
    const [a, b] = [from[i - (i % 2)]!, from[i - (i % 2) + 1]!];
    return (i % 2 === 0 ? cos * a - sin * b : sin * a + cos * b) + 0.1 * noise[i]!;
  });
  const [a, b, c, d] = rotationBetween(from, to, rows, 2) as unknown as [number, number, number, number];
  expect(a).toBeCloseTo(cos, 1);
  expect(b).toBeCloseTo(sin, 1);
  expect(a * a + b * b).toBeCloseTo(1, 10);
  expect(a * c + b * d).toBeCloseTo(0, 10);
});
