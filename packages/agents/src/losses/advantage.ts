import { stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';

/**
 * Advantage of the logged action over the mean of it and its negatives, A = Q(s,a) - (Q(s,a) + sum_j Q(s,n_j)) / (K + 1)
 * (SA2C eq. 6 with a union), [B]. No gradient.
 *
 * @param qAction [B] @param qNegatives [B, K]
 * @param kept [B, K] 0/1: which negatives count; all when left out
 */
export function advantage(qAction: tf.Tensor, qNegatives: tf.Tensor, kept?: tf.Tensor): tf.Tensor1D {
  const action = stopGradient(qAction);
  const negatives = stopGradient(qNegatives);
  const sum = tf.add(action, tf.sum(kept ? tf.mul(negatives, kept) : negatives, 1));
  const count = kept ? tf.add(tf.sum(kept, 1), tf.scalar(1)) : tf.scalar(negatives.shape[1]! + 1);
  return tf.sub(action, tf.div(sum, count)) as tf.Tensor1D;
}
