import { float32 } from '@lea/tensor';
import { expect, test } from 'vitest';
import { normalizeTokens, withMoreTokens } from './tokens.ts';

/** Means 3 and 10; what is left is 2, -2 and 4, -4: a mean square of (4 + 4 + 16 + 16) / 4 = 10. */
const tokens = float32([5, 14, 1, 6], [2, 2]);
const root = Math.sqrt(10);
const close = (values: number[]) => values.map((value) => expect.closeTo(value, 6));

test('tokens are centered, and scaled to a root mean square of 1', () => {
  const { vectors, mean, scale } = normalizeTokens(tokens);
  expect([...mean.data]).toEqual([3, 10]);
  expect([...scale.data]).toEqual(close([1 / root]));
  expect(vectors.shape).toEqual([2, 2]);
  expect([...vectors.data]).toEqual(close([2 / root, 4 / root, -2 / root, -4 / root]));
  expect([...tokens.data]).toEqual([5, 14, 1, 6]);
});

test('tokens that are all alike say nothing', () => {
  const { vectors, scale } = normalizeTokens(float32([7, 2, 7, 2], [2, 2]));
  expect([...vectors.data]).toEqual([0, 0, 0, 0]);
  expect([...scale.data]).toEqual([1]);
});

test('further items are centered and scaled as the first ones were', () => {
  const first = normalizeTokens(tokens);
  const { vectors, mean, scale } = withMoreTokens(first, float32([4, 8], [1, 2]));
  expect(vectors.shape).toEqual([3, 2]);
  expect([...vectors.data]).toEqual([...first.vectors.data, ...close([1 / root, -2 / root])]);
  expect([mean, scale]).toEqual([first.mean, first.scale]);
});
