import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { LossResult } from '../types.ts';

/**
 * The mean over rows of the sum of some terms. Each term is logged as `loss/<name>`.
 *
 * @param terms name -> [B]
 * @param metrics additional scalars to log
 */
export function meanLoss(terms: Tensors, metrics: Tensors = {}): LossResult {
  const means = Object.fromEntries(Object.entries(terms).map(([name, term]) => [`loss/${name}`, tf.mean(term)]));
  return { loss: tf.mean(tf.addN(Object.values(terms))) as tf.Scalar, metrics: { ...means, ...metrics }, terms };
}
