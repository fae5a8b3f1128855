import { stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Advantage of the logged action over the mean of it and other actions, A = Q(s,a) - (Q(s,a) + sum_j Q(s,b_j)) / (K + 1)
 * (SA2C eq. 6 with a union), [B]. No gradient.
 *
 * @param qAction [B] @param qOthers [B, K] of negative and, where there are some, augmented actions
 * @param kept [B, K] 0/1: which of them count; all when left out
 */
export function advantage(qAction: tf.Tensor, qOthers: tf.Tensor, kept?: tf.Tensor): tf.Tensor1D {
  const action = stopGradient(qAction);
  const others = stopGradient(qOthers);
  const sum = tf.add(action, tf.sum(kept ? tf.mul(others, kept) : others, 1));
  const count = kept ? tf.add(tf.sum(kept, 1), tf.scalar(1)) : tf.scalar(others.shape[1]! + 1);
  return tf.sub(action, tf.div(sum, count)) as tf.Tensor1D;
}
