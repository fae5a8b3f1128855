import { linear, stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { infoNce, unit } from './contrastive.ts';

/**
 * [B] distance of states from those of an environment: 1 - cos(W s, e), or InfoNCE between W s and e over the rows of the batch.
 * The encoder's state is projected, not the environment's: a projection of e could collapse all rows to make the loss 0.
 *
 * @param states s [B, H] @param environment e [B, E], without gradient @param weight W [E, H]
 * @param temperature temperature of InfoNCE; default: cosine instead of InfoNCE
 */
export function alignmentLoss(
  states: tf.Tensor,
  environment: tf.Tensor,
  weight: tf.Tensor,
  temperature?: number,
): tf.Tensor1D {
  const projected = linear(states, weight);
  const wanted = stopGradient(environment);
  if (temperature !== undefined) return infoNce(projected, wanted, temperature);
  return tf.sub(tf.scalar(1), tf.sum(tf.mul(unit(projected), unit(wanted)), 1)) as tf.Tensor1D;
}
