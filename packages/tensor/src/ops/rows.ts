import * as tf from '@tensorflow/tfjs-core';

/** The dot product of every row of `a` [B, D] with the same row of `b` [B, D]: [B]. */
export function rowDot(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(a, b), -1);
}

/** `h` [B, H] with a last column of ones, [B, H+1]: makes the last column of a weight matrix a bias. */
export function withOnes(h: tf.Tensor): tf.Tensor {
  return tf.concat([h, tf.ones([h.shape[0]!, 1])], 1);
}
