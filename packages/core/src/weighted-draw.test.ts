import { expect, test } from 'vitest';
import { weightedDraw } from './weighted-draw.ts';

test('every index has a share of the numbers from 0 to 1 that is its share of the weights', () => {
  const draw = weightedDraw([1, 0, 3]);
  expect([0, 0.2, 0.249].map(draw)).toEqual([0, 0, 0]);
  // a number on a border belongs to the next index that has a weight
  expect([0.25, 0.5, 0.999].map(draw)).toEqual([2, 2, 2]);
  expect(weightedDraw([5])(0.7)).toBe(0);
});
