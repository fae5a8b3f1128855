import { expect, test } from 'vitest';
import { turnLengths } from './turns.ts';

test('a round is the steps of network 0 and then those of network 1', () => {
  expect(turnLengths([0])).toEqual([1, 0]);
  expect(turnLengths([1])).toEqual([0, 1]);
  expect(turnLengths([0, 0, 1, 0, 1, 1])).toEqual([2, 1, 1, 2]);
  expect(turnLengths(Uint8Array.of(1, 0, 0, 1, 0))).toEqual([0, 1, 2, 1, 1, 0]);
});
