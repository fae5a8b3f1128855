import { key } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { caser } from './caser.ts';
import { histories, mode, rows } from './testing.ts';

test('caser by hand: one filter of height 2, one vertical filter', () => {
  const encoder = caser({ width: 1, filters: 1, heights: [2] });
  const params = {
    'emb.weight': tf.tensor2d([2, 3, 100], [3, 1]),
    'enc.h.0.weight': tf.tensor3d([1, 10], [1, 1, 2]),
    'enc.h.0.bias': tf.tensor1d([-5]),
    'enc.v.weight': tf.tensor3d([1, -1, 4], [1, 3, 1]),
    'enc.v.bias': tf.tensor1d([0.5]),
  };
  // Items 1, 0: pairs (3, 2) and (2, 0) give 23 and 2; slots give 3 - 2 + 0.5. Item 0 alone: 2 - 5 < 0; 2.5.
  const both = histories(
    [
      [1, 0, 2],
      [0, 2, 2],
    ],
    [2, 1],
  );
  expect(rows(encoder.encode(params, both, mode))).toEqual([
    [18, 1.5],
    [0, 2.5],
  ]);
});

test('caser: initial filters lie within two standard deviations, biases are 0.1', () => {
  const params = caser().init(key(0), { items: 3, window: 10 });
  const filters = Array.from(params['enc.h.2.weight']!.data);
  expect(filters).toHaveLength(16 * 64 * 4);
  expect(Math.max(...filters.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.2));
  const deviation = Math.sqrt(filters.reduce((sum, x) => sum + x * x, 0) / filters.length);
  // A normal distribution cut at two deviations keeps 0.88 of its own.
  expect(Math.abs(deviation - 0.088)).toBeLessThan(0.003);
  expect(new Set(params['enc.v.bias']!.data)).toEqual(new Set([Math.fround(0.1)]));
});
