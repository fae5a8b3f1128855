import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { emit, isRecording } from '../recorder/emit.ts';

/**
 * Root-mean-square normalization over the last axis (Zhang, Sennrich, "Root Mean Square Layer Normalization", 2019):
 * gain * x / sqrt(mean(x^2) + eps).
 *
 * @param x [..., D]
 * @param gain [D]
 * @param eps added to the mean square; larger values shrink small rows. Default: 1e-5.
 */
export function rmsNorm(x: tf.Tensor, gain: tf.Tensor, eps = 1e-5): tf.Tensor {
  checkTensors('rmsNorm', { x, gain });
  const leading = x.shape.slice(0, -1).map((_, axis) => axis);
  return withGradient([x, gain], () => {
    const [value, inverse] = normalized(x, gain, eps);
    return {
      value,
      saved: [x, gain, inverse, value],
      gradients: (dy, [x, gain, inverse, value]) => [
        () => {
          const along = tf.mul(tf.mean(tf.mul(dy, value!), -1, true), inverse!);
          return tf.mul(tf.sub(tf.mul(dy, gain!), tf.mul(x!, along)), inverse!);
        },
        () => tf.sum(tf.mul(dy, tf.mul(x!, inverse!)), leading),
      ],
    };
  });
}

function normalized(x: tf.Tensor, gain: tf.Tensor, eps: number): [tf.Tensor, tf.Tensor] {
  if (isRecording()) {
    const attributes = { axis: -1, epsilon: { float: eps }, stash_type: 1 };
    const row = [...x.shape.slice(0, -1), 1];
    return emit('SimplifiedLayerNormalization', [x, gain], [x.shape, row], attributes) as [tf.Tensor, tf.Tensor];
  }
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps));
  return [tf.mul(tf.mul(x, inverse), gain), inverse];
}
