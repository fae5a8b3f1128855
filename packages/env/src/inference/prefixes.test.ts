import { windowsOf } from '@lea/data';
import { expect, test } from 'vitest';
import { prefixesOf, windowsAt } from './prefixes.ts';

const reads = (...histories: number[][]) => {
  const { read, history } = prefixesOf(windowsOf(histories, 3, 9));
  return [read, [...history]];
};

test('of windows that begin one another the longest is read', () => {
  expect(reads([], [4], [4, 5], [4, 5, 6])).toEqual([[3], [0, 0, 0, 0]]);
  // The window slides: 5 6 7 does not begin with 4.
  expect(reads([4, 5], [4, 5, 6], [4, 5, 6, 7], [4, 5, 6, 7, 8])).toEqual([
    [1, 2, 3],
    [0, 0, 1, 2],
  ]);
  // Another user, who begins with another item; and one with the same first item.
  expect(reads([1], [1, 2], [], [3], [3, 2], [3, 1])).toEqual([
    [1, 4, 5],
    [0, 0, 0, 1, 1, 2],
  ]);
  // Neither order nor repetition matters.
  expect(reads([1, 2, 3], [1], [1, 2], [1, 2, 3])).toEqual([[0], [0, 0, 0, 0]]);
  expect(reads()).toEqual([[], []]);
});

test('rows of windows keep their padding', () => {
  const some = windowsAt(windowsOf([[1, 2], [3], []], 3, 9), [2, 0]);
  expect(some).toEqual(windowsOf([[], [1, 2]], 3, 9));
});
