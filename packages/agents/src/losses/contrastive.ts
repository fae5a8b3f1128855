import { stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/**
 * [B] symmetric InfoNCE between two views of the same rows (NT-Xent, Chen et al., ICML 2020): -log of the share of the row's
 * other view in the sum of exp(cos / temperature) over the 2B - 1 other vectors of both views. The other rows of the batch
 * are the negatives.
 *
 * @param first [B, H] @param second [B, H]
 */
export function infoNce(first: tf.Tensor, second: tf.Tensor, temperature: number): tf.Tensor1D {
  const rows = first.shape[0]!;
  const vectors = unit(tf.concat([first, second], 0));
  const similar = tf.div(
    tf.matMul(vectors as tf.Tensor2D, vectors as tf.Tensor2D, false, true),
    tf.scalar(temperature),
  );
  const id = tf.range(0, 2 * rows, 1, 'int32');
  const self = tf.cast(tf.equal(tf.expandDims(id, 0), tf.expandDims(id, 1)), 'float32');
  const others = tf.logSumExp(tf.sub(similar, tf.mul(self, tf.scalar(1e9))), 1);
  const [mine, theirs] = tf.split(vectors, 2, 0) as [tf.Tensor, tf.Tensor];
  const positive = tf.div(tf.sum(tf.mul(mine, theirs), 1), tf.scalar(temperature));
  return tf.sub(tf.mean(tf.reshape(others, [2, rows]), 0), positive) as tf.Tensor1D;
}

/** Scales rows to length 1. A zero row (an empty history of some encoders) stays zero, with a bounded gradient. */
export function unit(x: tf.Tensor): tf.Tensor {
  const squares = tf.sum(tf.square(x), 1, true);
  return tf.div(x, tf.sqrt(tf.add(squares, tf.cast(tf.less(stopGradient(squares), tf.scalar(1e-12)), 'float32'))));
}
