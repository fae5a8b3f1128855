import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { isRecording } from '../recorder/emit.ts';

/**
 * Softmax over the last axis of logits, some of which are masked by adding -1e9.
 *
 * In compiled programs masked logits are clipped to 60 below the maximum of their row. exp(-60) is negligible next to 1 in
 * float32. Without clipping ONNX Runtime would compute exp(-88), a denormal number, and processors are many times slower
 * with denormal numbers.
 */
export function maskedSoftmax(logits: tf.Tensor): tf.Tensor {
  checkTensors('maskedSoftmax', { logits });
  return withGradient([logits], () => {
    // Subtract 60 before expanding the axis: ONNX Runtime processes a last axis of size 1 element by element.
    const seen = isRecording() ? tf.maximum(logits, tf.expandDims(tf.sub(tf.max(logits, -1), 60), -1)) : logits;
    const p = tf.softmax(seen);
    return {
      value: p,
      saved: [p],
      gradients: (dy, [p]) => [() => tf.mul(p!, tf.sub(dy, tf.sum(tf.mul(p!, dy), -1, true)))],
    };
  });
}
