import { stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/**
 * [B] advantage of the logged action over the mean of this and other actions,
 * A = Q(s,a) - (Q(s,a) + sum_j Q(s,b_j)) / (K + 1) (SA2C eq. 6 with a union). No gradient.
 *
 * @param qAction [B] @param qOthers [B, K] values of negative and augmented actions
 * @param kept [B, K] 1 for actions that count, else 0; default: all count
 */
export function advantage(qAction: tf.Tensor, qOthers: tf.Tensor, kept?: tf.Tensor): tf.Tensor1D {
  const action = stopGradient(qAction);
  const others = stopGradient(qOthers);
  const sum = tf.add(action, tf.sum(kept ? tf.mul(others, kept) : others, 1));
  const count = kept ? tf.add(tf.sum(kept, 1), tf.scalar(1)) : tf.scalar(others.shape[1]! + 1);
  return tf.sub(action, tf.div(sum, count)) as tf.Tensor1D;
}
