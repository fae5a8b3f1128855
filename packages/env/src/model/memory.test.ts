import { float32, int32, type Tensors, toTensor, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { segmentMask } from '../language-model/decoders/masks.ts';
import {
  addRepetition,
  decayOf,
  initMemory,
  likenessReward,
  logPopularity,
  popularityColumn,
  repetitionWeight,
  textMemory,
  textMemoryTable,
} from './memory.ts';

const close = (actual: ArrayLike<number>, wanted: number[]) =>
  wanted.forEach((value, i) => {
    expect(actual[i]!).toBeCloseTo(value, 5);
  });

/** A fifth of x: what a weight of x is stored as. */
const weight = (x: number) => float32([x / 5]);
const tensors = (values: Values): Tensors =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));

/** softplus(halving) = ln 2: half per event. */
const halving = Math.log(Math.expm1(Math.log(2)));
const params: Values = {
  'memory.decay': weight(halving),
  'memory.gain': weight(4),
  'memory.reward': weight(0.5),
  'memory.popularity': weight(2),
  'memory.repeat': weight(1),
};

test('a state remembers the texts of its own history, the newest most', () => {
  const table = tf.tensor2d([1, 0, 0, 1, 0.6, 0.8], [3, 2]);
  // Two histories in one row, each begins with the start token (id 3); then an empty slot.
  const items = toTensor(int32([3, 0, 2, 3, 1, 3], [1, 6]));
  const decay = decayOf(tensors(params), segmentMask(toTensor(int32([0, 0, 0, 1, 1, -1], [1, 6]))));
  close(Array.from(decay.dataSync()).slice(12, 18), [0.25, 0.5, 1, 0, 0, 0]);
  const got = textMemory(tensors(params), table, items, decay);
  close(got.dataSync(), [0, 0, 4, 0, 4 * (0.5 + 0.6), 4 * 0.8, 0, 0, 0, 4, 0, 0]);
  const texts = tf.tensor3d([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1], [1, 6, 2]);
  close(likenessReward(tensors(params), got, texts).dataSync(), [0, 0, 1.6, 0, 2, 0]);
});

test("popularity is the log of how often an item was taken; repetition has its own weight beside an item's likeness to itself", () => {
  const column = popularityColumn(tensors(params), toTensor(logPopularity(Int32Array.from([0, 7]))));
  expect(column.shape).toEqual([2, 1]);
  close(column.dataSync(), [2 * Math.log(0.3), 2 * Math.log(7.3)]);
  expect(repetitionWeight(tensors(params)).dataSync()[0]).toBeCloseTo(1 - 4, 5);
  const { 'memory.gain': _, ...without } = params;
  expect(repetitionWeight(tensors(without)).dataSync()[0]).toBeCloseTo(1, 5);
});

test('on the host, repetition reaches the items of each history by their age', () => {
  const logits = new Float32Array(2 * 4);
  const windows = { items: Int32Array.from([2, 0, 2, 1, 4, 4]), length: Int32Array.from([3, 1]), size: 2, window: 3 };
  addRepetition(logits, params, windows);
  close(logits, [-3 * 0.5, 0, -3 * 1.25, 0, 0, -3, 0, 0]);
});

test('weights begin as stated; what is not asked for is not there', () => {
  const tokens = float32([1, 0, 0, 1, -1, -1], [3, 2]);
  const names = (shape: { textMemoryWidth: number; countFeatures: boolean }) =>
    Object.keys(initMemory(shape, tokens).trained).sort();
  expect(names({ textMemoryWidth: 0, countFeatures: false })).toEqual([]);
  expect(names({ textMemoryWidth: 0, countFeatures: true })).toEqual([
    'memory.decay',
    'memory.popularity',
    'memory.repeat',
  ]);
  expect(names({ textMemoryWidth: 2, countFeatures: false })).toEqual(['memory.decay', 'memory.gain', 'memory.reward']);
  expect(initMemory({ textMemoryWidth: 0, countFeatures: true }, undefined).fixed).toEqual({});
});

test('items enter with length 1, on the directions in which they differ most, half whitened', async () => {
  // Variances 10, 5 and 0.0025: directions are kept by variance, and as long as its -1/4th power.
  const tokens = float32([4, 1, 0, -4, 1, 0.1, 2, -3, 0, -2, 3, -0.1, 0, 0, 0], [5, 3]);
  const { fixed } = initMemory({ textMemoryWidth: 2, countFeatures: false }, tokens);
  const directions = fixed['memory.directions']!;
  expect(directions.shape).toEqual([2, 3]);
  const axes = Array.from(directions.data as Float32Array);
  for (const k of [0, 1]) {
    const axis = axes.slice(k * 3, k * 3 + 3);
    const variance = [0, 1, 2, 3, 4].reduce((sum, i) => {
      const along = axis.reduce((dot, a, d) => dot + a * (tokens.data as Float32Array)[i * 3 + d]!, 0);
      return sum + along ** 2 / 5;
    }, 0);
    // Along a unit axis the variance is v; along one as long as v^-1/4 it is v^1/2, and that length is v^-1/4.
    expect(Math.hypot(...axis)).toBeCloseTo(variance ** -0.5, 4);
  }
  const { data, shape } = await textMemoryTable(tokens, directions, { threads: 1, backend: undefined });
  expect(shape).toEqual([5, 2]);
  const row = (i: number) => Array.from(data as Float32Array).slice(i * 2, i * 2 + 2);
  for (let i = 0; i < 4; i++) expect(Math.hypot(...row(i))).toBeCloseTo(1, 5);
  expect(row(4)).toEqual([0, 0]);
  const dot = (i: number, j: number) => row(i)[0]! * row(j)[0]! + row(i)[1]! * row(j)[1]!;
  expect(dot(2, 3)).toBeLessThan(-0.99);
  expect(dot(0, 1)).toBeLessThan(-0.5);
  expect(initMemory({ textMemoryWidth: 99, countFeatures: false }, tokens).fixed['memory.directions']!.shape).toEqual([
    3, 3,
  ]);
});

test('each direction of the text memory is an eigenvector of the texts, divided by the fourth root of its variance', () => {
  // Two items along each of four axes, turned by 30 degrees in both planes: variances 9, 8, 2, 1 (close ones first).
  const [cos, sin] = [Math.cos(Math.PI / 6), 0.5];
  const axes = [
    [cos, sin, 0, 0],
    [-sin, cos, 0, 0],
    [0, 0, cos, sin],
    [0, 0, -sin, cos],
  ];
  const variances = [9, 8, 2, 1];
  const rows = axes.flatMap((axis, k) =>
    [1, -1].map((sign) => axis.map((x) => sign * x * Math.sqrt(4 * variances[k]!))),
  );
  const { fixed } = initMemory(
    { textMemoryWidth: 3, countFeatures: false },
    float32(Float32Array.from(rows.flat()), [8, 4]),
  );
  const directions = fixed['memory.directions']!;
  expect(directions.shape).toEqual([3, 4]);
  close(
    directions.data,
    axes.slice(0, 3).flatMap((axis, k) => axis.map((x) => x / variances[k]! ** 0.25)),
  );
});
