import { linear } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';

/**
 * Convolution over time without padding (a cross-correlation, as in deep learning), as a product with unfolded windows.
 *
 * @param x [B, T, D]
 * @param weight [F, D, K], K taps, the last one at the newest step
 * @param bias [F]
 * @param dilation steps between taps
 * @returns [B, T - (K - 1) dilation, F]
 */
export function convolution(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, dilation = 1): tf.Tensor {
  const [rows, steps, size] = x.shape as [number, number, number];
  const [filters, , taps] = weight.shape as [number, number, number];
  const length = steps - (taps - 1) * dilation;
  const shifted = Array.from({ length: taps }, (_, k) => tf.slice(x, [0, k * dilation, 0], [rows, length, size]));
  return linear(tf.concat(shifted, 2), weight.transpose([0, 2, 1]).reshape([filters, taps * size]), bias);
}

/** The same with zeros before the first step, so that step t sees steps up to t: [B, T, D] -> [B, T, F]. */
export function causalConvolution(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, dilation = 1): tf.Tensor {
  const before = (weight.shape[2]! - 1) * dilation;
  const padded = tf.pad(x, [
    [0, 0],
    [before, 0],
    [0, 0],
  ]);
  return convolution(padded, weight, bias, dilation);
}
