import { expect, it } from 'vitest';
import { transitionsOf } from '../testing/transitions.ts';
import { cosineFactors, userItems } from './user-items.ts';

const train = transitionsOf([[2, 0, 2, 1], [], [1, 1], [0]], 4);

it('lists the distinct items of users by their last choice, and the users of items', () => {
  const log = userItems(train);
  expect([log.users, log.items]).toEqual([3, 4]);
  expect([...log.byUser]).toEqual([0, 3, 4, 5]);
  expect([...log.item]).toEqual([0, 2, 1, 1, 0]);
  expect([...log.place]).toEqual([1, 2, 3, 1, 0]);
  expect([...log.byItem]).toEqual([0, 2, 4, 5, 5]);
  expect([...log.user]).toEqual([0, 2, 0, 1, 0]);
  expect([...log.placeOf]).toEqual([1, 0, 3, 1, 2]);
  expect([...log.latest]).toEqual([3, 5, 6]);
  expect([...cosineFactors(log)]).toEqual([1 / Math.sqrt(3), 1, 1]);
});

it('numbers users by the time of their last event', () => {
  const time = Float64Array.of(0, 0, 0, 9, 4, 5, 5);
  const log = userItems({ ...train, sequences: { ...train.sequences, time } });
  expect([...log.item]).toEqual([1, 0, 0, 2, 1]);
  expect([...log.latest]).toEqual([5, 5, 9]);
});

it('reads the rows of the set only', () => {
  const first = { ...train, count: 2, event: Int32Array.of(0, 4), sequence: Int32Array.of(0, 2) };
  const log = userItems(first);
  expect([...log.item]).toEqual([2, 1]);
  expect([...log.latest]).toEqual([0, 4]);
});
