import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { emit, isRecording } from '../recorder/emit.ts';

/**
 * Layer normalization over the last axis (Ba, Kiros, Hinton, "Layer Normalization", 2016):
 * gain * (x - mean) / sqrt(variance + eps) + bias.
 *
 * @param x [..., D]
 * @param gain [D]
 * @param bias [D]
 * @param eps added to the variance; larger values shrink rows with a small variance. Default: 1e-8.
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, eps = 1e-8): tf.Tensor {
  checkTensors('layerNorm', { x, gain, bias });
  return withGradient([x, gain, bias], () => {
    const [value, mean, inverse] = normalized(x, gain, bias, eps);
    return {
      value,
      saved: [x, gain, mean, inverse],
      gradients: (dy, [x, gain, mean, inverse]) => {
        const centered = tf.sub(x!, mean!);
        const product = rowsOf(tf.mul(dy, centered));
        return [
          () => {
            // The mean of d · centered over a row is a product with gain / D, and saves a pass over all elements.
            const means = tf.matMul(product, tf.reshape(tf.div(gain!, gain!.size), [-1, 1]));
            const along = tf.mul(tf.reshape(means, inverse!.shape), tf.square(inverse!));
            const d = tf.mul(dy, gain!);
            return tf.mul(tf.sub(tf.sub(d, tf.mul(centered, along)), tf.mean(d, -1, true)), inverse!);
          },
          () => tf.reshape(tf.matMul(tf.reshape(inverse!, [1, -1]), product), gain!.shape),
          () => tf.sum(rowsOf(dy), 0),
        ];
      },
    };
  });
}

/** [..., D] as [R, D]. */
function rowsOf(x: tf.Tensor): tf.Tensor {
  return tf.reshape(x, [-1, x.shape.at(-1)!]);
}

function normalized(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, eps: number): [tf.Tensor, tf.Tensor, tf.Tensor] {
  if (isRecording()) {
    const row = [...x.shape.slice(0, -1), 1];
    const attributes = { axis: -1, epsilon: { float: eps } };
    return emit('LayerNormalization', [x, gain, bias], [x.shape, row, row], attributes) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
  }
  const mean = tf.mean(x, -1, true);
  const centered = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), eps));
  return [tf.add(tf.mul(tf.mul(centered, inverse), gain), bias), mean, inverse];
}
