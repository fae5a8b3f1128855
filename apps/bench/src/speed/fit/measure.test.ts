import { expect, test } from 'vitest';
import { bestOf, hasEnded } from './measure.ts';

const curve = (...values: number[]) => values.map((value, i) => ({ seconds: i + 1, value }));

test('the best point is the first with the highest value', () => {
  expect(bestOf(curve(0.1, 0.3, 0.2, 0.3))).toEqual({ seconds: 2, value: 0.3 });
});

test('an engine ends when as many validations as its patience have brought no new best', () => {
  expect(hasEnded([], 1)).toBe(false);
  expect(hasEnded(curve(0.1, 0.3), 2)).toBe(false);
  expect(hasEnded(curve(0.1, 0.3, 0.3), 2)).toBe(false);
  expect(hasEnded(curve(0.1, 0.3, 0.3, 0.2), 2)).toBe(true);
});
