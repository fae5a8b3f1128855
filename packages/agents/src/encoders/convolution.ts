import { linear } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { padSteps } from './window.ts';

/**
 * Causal convolution over time (a cross-correlation, as usual in deep learning) with zero padding before the first step: step t
 * of the result sees steps t, t - dilation, ..., t - (K - 1) dilation. Computed as one matrix product per tap. Steps and taps are
 * the first axis of what is sliced, so that slices are contiguous.
 *
 * @param x [T, B, D]
 * @param weight [F, D, K], K taps, the last one at the current step
 * @param bias [F]
 * @param dilation steps between taps
 * @returns [T, B, F]
 */
export function convolution(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, dilation = 1): tf.Tensor {
  const [steps, rows, size] = x.shape as [number, number, number];
  const [filters, , taps] = weight.shape as [number, number, number];
  const byTap = tf.transpose(weight, [2, 0, 1]);
  const parts = Array.from({ length: taps }, (_, k) => {
    const tap = tf.reshape(tf.slice(byTap, [k, 0, 0], [1, filters, size]), [filters, size]);
    const ago = (taps - 1 - k) * dilation;
    if (ago === 0) return [linear(x, tap, bias)];
    if (ago >= steps) return [];
    return [padSteps(linear(tf.slice(x, [0, 0, 0], [steps - ago, rows, size]), tap), ago, 0)];
  });
  return tf.addN(parts.flat());
}
