import { float32, int32, toTensor } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { segmentMask } from './decoders/masks.ts';
import { initTextMemory, textMemory, textMemoryTable } from './text-memory.ts';

const close = (actual: ArrayLike<number>, wanted: number[]) =>
  wanted.forEach((value, i) => {
    expect(actual[i]!).toBeCloseTo(value, 5);
  });

test('a state remembers the texts of its own history, the newest most', () => {
  const table = tf.tensor2d([1, 0, 0, 1, 0.6, 0.8], [3, 2]);
  const decay = Math.log(Math.expm1(Math.log(2))); // softplus(decay) = ln 2: half per event
  const params = { 'memory.decay': tf.tensor1d([decay]), 'memory.gain': tf.tensor1d([4]) };
  // Two histories in one row, each begins with the start token (id 3); then an empty slot.
  const items = toTensor(int32([3, 0, 2, 3, 1, 3], [1, 6]));
  const mask = segmentMask(toTensor(int32([0, 0, 0, 1, 1, -1], [1, 6])));
  const got = textMemory(params, table, items, mask).dataSync();
  close(got, [0, 0, 4, 0, 4 * (0.5 + 0.6), 4 * 0.8, 0, 0, 0, 4, 0, 0]);
});

test('items enter with length 1, on the directions in which they differ most', async () => {
  const tokens = float32([2, 0, 0, -2, 0.1, 0, 4, -0.1, 0, -4, 0, 0], [4, 3]);
  const { fixed } = initTextMemory(tokens, 2);
  const directions = fixed['memory.directions']!;
  expect(directions.shape).toEqual([2, 3]);
  const { data, shape } = await textMemoryTable(tokens, directions, { threads: 1, backend: undefined });
  expect(shape).toEqual([4, 2]);
  const row = (i: number) => Array.from(data.slice(i * 2, i * 2 + 2));
  for (let i = 0; i < 4; i++) expect(Math.hypot(...row(i))).toBeCloseTo(1, 5);
  const dot = (i: number, j: number) => row(i)[0]! * row(j)[0]! + row(i)[1]! * row(j)[1]!;
  expect(dot(0, 2)).toBeGreaterThan(0.99);
  expect(dot(0, 1)).toBeLessThan(-0.99);
  expect(initTextMemory(tokens, 99).fixed['memory.directions']!.shape).toEqual([3, 3]);
});
