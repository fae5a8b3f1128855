import { linear, withGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { padSteps } from './window.ts';

/**
 * Causal convolution over time (a cross-correlation, as usual in deep learning) with zero padding before the first step: step t
 * of the result sees steps t, t - dilation, ..., t - (K - 1) dilation. Computed as one matrix product over the steps that each
 * step sees, side by side; so are both gradients.
 *
 * @param x [T, B, D]
 * @param weight [F, D, K], K taps, the last one at the current step
 * @param bias [F]
 * @param dilation steps between taps
 * @returns [T, B, F]
 */
export function convolution(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, dilation = 1): tf.Tensor {
  const [filters, size, all] = weight.shape as [number, number, number];
  // Earlier taps see nothing but zeros.
  const taps = Math.min(all, Math.ceil(x.shape[0]! / dilation));
  const near = taps === all ? weight : tf.slice(weight, [0, 0, all - taps], [filters, size, taps]);
  return withGradient([x, near, bias], () => {
    const seen = sideBySide(x, taps, dilation, 'before');
    return {
      value: linear(seen, tf.reshape(tf.transpose(near, [0, 2, 1]), [filters, taps * size]), bias),
      saved: [seen, near],
      gradients: (dy, [seen, near]) => [
        () => {
          const kernel = tf.reshape(tf.transpose(near!, [1, 2, 0]), [size, taps * filters]);
          return linear(sideBySide(dy, taps, dilation, 'after'), kernel);
        },
        () => {
          const products = tf.matMul(flat(dy), flat(seen!), true, false);
          return tf.transpose(tf.reshape(products, [filters, taps, size]), [0, 2, 1]);
        },
        () => tf.sum(flat(dy), 0),
      ],
    };
  });
}

/** [T, B, K * D]: the vectors of the K steps (K - 1) dilation, ..., dilation, 0 before or after each step, zeros beyond the ends. */
function sideBySide(x: tf.Tensor, taps: number, dilation: number, where: 'before' | 'after'): tf.Tensor {
  const reach = (taps - 1) * dilation;
  const padded = where === 'before' ? padSteps(x, reach, 0) : padSteps(x, 0, reach);
  const parts = Array.from({ length: taps }, (_, k) => {
    const from = where === 'before' ? k * dilation : reach - k * dilation;
    return tf.slice(padded, [from, 0, 0], x.shape as [number, number, number]);
  });
  return tf.concat(parts, 2);
}

function flat(x: tf.Tensor): tf.Tensor {
  return tf.reshape(x, [-1, x.shape.at(-1)!]);
}
