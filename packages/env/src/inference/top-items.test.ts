import { expect, test } from 'vitest';
import { topItems } from './top-items.ts';

test('the largest of each row, largest first; ties go to the smaller index', () => {
  const { k, items, logits } = topItems(Float32Array.of(1, 3, 2, 3, 0, 5, 5, 5), 2, 3);
  expect(k).toBe(3);
  expect([...items]).toEqual([1, 3, 2, 1, 2, 3]);
  expect([...logits]).toEqual([3, 3, 2, 5, 5, 5]);
});

test('what one row excludes stands for choice in the next', () => {
  const { items } = topItems(Float32Array.of(4, 3, 2, 4, 3, 2), 2, 2, [[0], []]);
  expect([...items]).toEqual([1, 2, 0, 1]);
  expect(() => topItems(Float32Array.of(4, 3, 2), 1, 2, [[0, 1]])).toThrow(
    /^k must not exceed the number of remaining items, 1/,
  );
});

test('numbers below 0 are numbers', () => {
  const { items, logits } = topItems(Float32Array.of(-3, -1, -2), 1, 2);
  expect([...items, ...logits]).toEqual([1, 2, -1, -2]);
});

test('refuses NaN, which would never be chosen without a word', () => {
  const refused = expect.objectContaining({
    code: 'E_SCORE_NAN',
    message: expect.stringContaining('history 1 is NaN'),
  });
  expect(() => topItems(Float32Array.of(1, 2, 3, 4, Number.NaN, 5), 2, 1)).toThrow(refused);
  expect([...topItems(Float32Array.of(-Infinity, 2, Infinity), 1, 2).items]).toEqual([2, 1]);
});
