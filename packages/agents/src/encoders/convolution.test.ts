import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { causalConvolution, convolution } from './convolution.ts';

const x = tf.tensor3d([1, 2, 3, 4], [1, 4, 1]);
const weight = tf.tensor3d([1, 10, 100], [1, 1, 3]);
const bias = tf.tensor1d([0.5]);
const numbers = (y: tf.Tensor) => Array.from(y.dataSync());

test('the last tap is the newest step, and only whole windows count', () => {
  expect(numbers(convolution(x, weight, bias))).toEqual([321.5, 432.5]);
  expect(convolution(x, weight, bias).shape).toEqual([1, 2, 1]);
  expect(numbers(convolution(x, tf.tensor3d([1, 10], [1, 1, 2]), bias, 2))).toEqual([31.5, 42.5]);
});

test('causal: as long as its input, with zeros before the first step', () => {
  expect(numbers(causalConvolution(x, weight, bias))).toEqual([100.5, 210.5, 321.5, 432.5]);
  expect(numbers(causalConvolution(x, weight, bias, 2))).toEqual([100.5, 200.5, 310.5, 420.5]);
  // Taps beyond the first step see nothing but zeros.
  expect(numbers(causalConvolution(x, weight, bias, 9))).toEqual([100.5, 200.5, 300.5, 400.5]);
});

test('channels in and out', () => {
  const two = tf.tensor3d([1, 2, 3, 4], [1, 2, 2]);
  // Filter f, channel c, tap k; the result is the sum over channels and taps.
  const filters = tf.tensor3d([1, 0, 0, 0, 0, 0, 0, 1], [2, 2, 2]);
  expect(numbers(convolution(two, filters, tf.zeros([2])))).toEqual([1, 4]);
});
