import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';

/** [B] the dot product of each row of `a` [B, D] with the corresponding row of `b` [B, D]. */
export function rowDot(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  checkTensors('rowDot', { a, b });
  return tf.sum(tf.mul(a, b), -1);
}

/** Appends a column of ones to `h` [B, H], giving [B, H+1]; the last column of a weight matrix then acts as a bias. */
export function withOnes(h: tf.Tensor): tf.Tensor {
  checkTensors('withOnes', { h });
  return tf.concat([h, tf.ones([h.shape[0]!, 1])], 1);
}
