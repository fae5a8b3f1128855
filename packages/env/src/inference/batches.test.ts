import { windowsOf } from '@lea/data';
import { expect, test } from 'vitest';
import { idConfig } from '../testing.ts';
import { environmentBatches, padded } from './batches.ts';
import type { Encoded } from './encoded.ts';

const ITEMS = 9;
const config = idConfig(2, 1, ITEMS, 2);
const windows = windowsOf([[1, 2], [], [3, 4, 5]], 3, ITEMS);

test('histories begin with the prefix and end with padding; rows beyond the last are padding', () => {
  const { items, length } = environmentBatches(config, 2);
  expect(items(windows, 0)).toEqual({ dtype: 'int32', shape: [2, 4], data: Int32Array.of(9, 1, 2, 9, 9, 9, 9, 9) });
  expect([...items(windows, 2).data]).toEqual([9, 3, 4, 5, 9, 9, 9, 9]);
  expect(length(windows, 0)).toEqual({ dtype: 'int32', shape: [2], data: Int32Array.of(2, 0) });
  expect([...length(windows, 2).data]).toEqual([3, 0]);
});

test('the words of a prompt that stand before a history are its prefix too', () => {
  const prompt = { text: '', before: 2, between: 1, after: 0 };
  const { items } = environmentBatches({ ...config, prompt }, 2);
  expect(items(windows, 1).shape).toEqual([2, 6]);
  expect([...items(windows, 1).data]).toEqual([9, 10, 11, 9, 9, 9, 9, 10, 11, 3, 4, 5]);
});

test('each window gets the states of the history that it begins, and its own memory', () => {
  // Two histories of 4 slots were read: 1, 2, ... 8 and 9, 10, ... 16.
  const encoded: Encoded = {
    windows,
    read: windowsOf([[1, 2], [3, 4, 5]], 3, ITEMS), // biome-ignore format: one line
    history: Int32Array.of(0, 0, 1),
    states: Float32Array.from({ length: 16 }, (_, i) => i + 1),
    // The decoder's two numbers, then those of the text memory.
    state: Float32Array.of(0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 5, 6),
    past: [],
  };
  const { states, remembered } = environmentBatches(config, 2);
  expect(states(encoded, 1).shape).toEqual([2, 4, 2]);
  expect([...states(encoded, 1).data]).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect([...states(encoded, 2).data]).toEqual([9, 10, 11, 12, 13, 14, 15, 16, ...Array(8).fill(0)]);
  expect(remembered(encoded, 1)).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) });
  expect([...remembered(encoded, 0).data]).toEqual([1, 2, 3, 4]);
  expect([...remembered(encoded, 2).data]).toEqual([5, 6, 0, 0]);
});

test('some of the actions of each history, in rows of a width', () => {
  const { actions } = environmentBatches(config, 2);
  const all = Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 1);
  expect(actions(all, 3, { from: 0, first: 1, count: 2 }, 4)).toEqual({
    dtype: 'int32',
    shape: [2, 4],
    data: Int32Array.of(2, 3, 0, 0, 5, 6, 0, 0),
  });
  expect([...actions(all, 3, { from: 2, first: 0, count: 3 }, 3).data]).toEqual([7, 8, 1, 0, 0, 0]);
});

test('elements beyond the end are zeros', () => {
  const data = Float32Array.of(1, 2, 3);
  expect(padded(data, 1, 2)).toEqual(Float32Array.of(2, 3));
  expect(padded(data, 2, 3)).toEqual(Float32Array.of(3, 0, 0));
  expect(padded(Int32Array.of(1), 1, 2)).toEqual(Int32Array.of(0, 0));
});
