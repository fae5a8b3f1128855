import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';

/**
 * The maximum over one axis, which is removed. The gradient is divided evenly among equal maxima, as in PyTorch's `amax`;
 * `tf.max` gives each of them the full gradient.
 *
 * @param x float32
 * @param axis non-negative
 */
export function amax(x: tf.Tensor, axis: number): tf.Tensor {
  checkTensors('amax', { x });
  return withGradient([x], () => {
    const value = tf.max(x, axis);
    return {
      value,
      saved: [x, value],
      gradients: (dy, [x, value]) => [
        () => {
          const share = tf.cast(tf.equal(x!, tf.expandDims(value!, axis)), 'float32');
          return tf.mul(share, tf.div(tf.expandDims(dy, axis), tf.sum(share, axis, true)));
        },
      ],
    };
  });
}
