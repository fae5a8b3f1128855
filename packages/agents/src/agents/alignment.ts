import { fold, type Given, type Key, LeaError } from '@lea/core';
import type { Tensors, Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { uniformValue } from '../init.ts';
import { alignmentLoss } from '../losses/alignment.ts';
import type { Encoder, LossInput, LossResult, Shape } from '../types.ts';
import type { AlignmentOptions } from './guidance.ts';

/** `align.weight` [E, H], from the encoder's state to the environment's; empty without alignment. Scores do not use it. */
export function initAlignment(
  key: Key,
  { alignmentWeight = 0 }: Given<AlignmentOptions>,
  encoder: Encoder,
  shape: Shape,
): Values {
  if (alignmentWeight === 0) return {};
  const [out, input] = [neededStateSize(shape), encoder.outputSize];
  const weight = uniformValue(fold(key, 'align'), 'align.weight', [out, input], Math.sqrt(6 / (out + input)));
  return { 'align.weight': weight };
}

/**
 * Adds the mean alignment loss of the states, weighted by `alignmentWeight`, to a loss. Returns the loss unchanged if `alignmentWeight`
 * is 0.
 *
 * @param states [B, H] states of the training pass
 * @throws LeaError `E_STATE_MISSING`
 */
export function aligned(
  result: LossResult,
  { params, batch }: LossInput,
  states: tf.Tensor,
  { alignmentWeight = 0, alignmentForm, alignmentTemperature }: Given<AlignmentOptions>,
): LossResult {
  if (alignmentWeight === 0) return result;
  const temperature = alignmentForm === 'contrastive' ? alignmentTemperature : undefined;
  const term = alignmentLoss(states, neededState(batch, 'environmentState'), params['align.weight']!, temperature);
  return {
    loss: tf.add(result.loss, tf.mul(tf.mean(term), tf.scalar(alignmentWeight))) as tf.Scalar,
    metrics: { ...result.metrics, 'loss/alignment': tf.mean(term) },
    terms: { ...result.terms, alignment: term },
  };
}

/** @throws LeaError `E_STATE_MISSING` */
export function neededState(batch: Tensors, name: 'environmentState' | 'nextEnvironmentState'): tf.Tensor {
  if (name in batch) return batch[name]!;
  throw new LeaError('E_STATE_MISSING', "The agent needs the environment's states, but the batch has none.", {
    hint:
      "Train with leaSignals(..., { use: { state: true }, stateForm: 'vectors' }), " +
      'or set alignmentWeight to 0 and criticState to false.',
  });
}

/** @throws LeaError `E_STATE_MISSING` */
export function neededStateSize({ stateSize }: Shape): number {
  if (stateSize) return stateSize;
  throw new LeaError('E_STATE_MISSING', "The agent needs the size of the environment's states.", {
    hint: 'Pass it as shape.stateSize.',
  });
}
