import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { causalConvolution } from '../index.ts';

const numbers = (y: tf.Tensor) => Array.from(y.dataSync());

test('the last tap is the current step, zeros stand before the first', () => {
  const x = tf.tensor3d([1, 2, 3, 4], [4, 1, 1]);
  const weight = tf.tensor3d([1, 10, 100], [1, 1, 3]);
  const bias = tf.tensor1d([0.5]);
  expect(numbers(causalConvolution(x, weight, bias))).toEqual([100.5, 210.5, 321.5, 432.5]);
  expect(numbers(causalConvolution(x, weight, bias, 2))).toEqual([100.5, 200.5, 310.5, 420.5]);
  // Taps beyond the first step see nothing but zeros.
  expect(numbers(causalConvolution(x, weight, bias, 9))).toEqual([100.5, 200.5, 300.5, 400.5]);
});

test('rows are apart, channels are summed', () => {
  const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  // Filter 0: channel 0 one step ago. Filter 1: channel 1 now.
  const weight = tf.tensor3d([1, 0, 0, 0, 0, 0, 0, 1], [2, 2, 2]);
  const y = causalConvolution(x, weight, tf.zeros([2]));
  expect(y.shape).toEqual([2, 2, 2]);
  expect(numbers(y)).toEqual([0, 2, 0, 4, 1, 6, 3, 8]);
});

test('refuses a dilation that is not a positive integer', () => {
  const [x, weight, bias] = [tf.zeros([4, 1, 1]), tf.zeros([1, 1, 3]), tf.zeros([1])];
  for (const dilation of [0, -1, 1.5, Number.NaN, '2'])
    expect(() => causalConvolution(x, weight, bias, dilation as number)).toThrow(
      expect.objectContaining({ code: 'E_RANGE' }),
    );
});
