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
  const leading = x.shape.slice(0, -1).map((_, axis) => axis);
  return withGradient([x, gain, bias], () => {
    const [value, mean, inverse] = normalized(x, gain, bias, eps);
    return {
      value,
      saved: [x, gain, mean, inverse],
      gradients: (dy, [x, gain, mean, inverse]) => {
        const unit = tf.mul(tf.sub(x!, mean!), inverse!);
        return [
          () => {
            const d = tf.mul(dy, gain!);
            const centered = tf.sub(tf.sub(d, tf.mean(d, -1, true)), tf.mul(unit, tf.mean(tf.mul(d, unit), -1, true)));
            return tf.mul(centered, inverse!);
          },
          () => tf.sum(tf.mul(dy, unit), leading),
          () => tf.sum(dy, leading),
        ];
      },
    };
  });
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
