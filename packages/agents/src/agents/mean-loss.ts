import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { LossResult } from '../types.ts';

/**
 * The loss that is the mean over the rows of the sum of its terms, each of which is logged as `loss/<name>`.
 *
 * @param terms by name, [B] each
 * @param metrics scalars to log besides
 */
export function meanLoss(terms: Tensors, metrics: Tensors = {}): LossResult {
  const means = Object.fromEntries(Object.entries(terms).map(([name, term]) => [`loss/${name}`, tf.mean(term)]));
  return { loss: tf.mean(tf.addN(Object.values(terms))) as tf.Scalar, metrics: { ...means, ...metrics }, terms };
}
