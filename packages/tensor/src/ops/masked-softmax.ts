import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../gradient.ts';
import { isRecording } from '../recorder/emit.ts';

/**
 * Softmax over the last axis of logits of which some are hidden by adding -1e9.
 *
 * Compiled, hidden ones count as 60 below the largest of their row. exp(-60) is lost beside 1 in float32, but unlike what
 * the runtime makes of them otherwise (exp(-88)) it is no denormal number, with which processors are many times slower.
 */
export function maskedSoftmax(logits: tf.Tensor): tf.Tensor {
  return withGradient([logits], () => {
    // 60 is taken off before the axis comes back: the runtime walks along a last axis of 1 element by element.
    const seen = isRecording() ? tf.maximum(logits, tf.expandDims(tf.sub(tf.max(logits, -1), 60), -1)) : logits;
    const p = tf.softmax(seen);
    return {
      value: p,
      saved: [p],
      gradients: (dy, [p]) => [() => tf.mul(p!, tf.sub(dy, tf.sum(tf.mul(p!, dy), -1, true)))],
    };
  });
}
