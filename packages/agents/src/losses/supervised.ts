import { softmaxCrossEntropy, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { lastPosition, validSlots } from '../encoders/window.ts';
import { supervisedHead } from '../heads.ts';
import type { Encoder, Histories, Mode } from '../types.ts';

/** States of a batch: after the last event and, where the loss is taken at every position, after each event. */
export interface States {
  readonly last: tf.Tensor2D;
  readonly all?: tf.Tensor3D;
}

export function encodeStates(encoder: Encoder, params: Tensors, histories: Histories, mode: Mode): States {
  if (!encoder.everyPosition) return { last: encoder.encode(params, histories, mode) };
  const all = encoder.encodeAll(params, histories, mode);
  return { all, last: lastPosition(all, histories.length) };
}

/**
 * Cross entropy per row [B] over the full catalogue: -w log softmax(f(s))[action], plus targetWeights-weighted cross
 * entropies of the extra targets when the batch has them.
 *
 * With states at every position it is the mean over the row's events, each state predicting the event that follows;
 * weight and extra targets belong to the last position.
 *
 * @param weight [B], no gradient; 1 when left out
 */
export function crossEntropy(
  encoder: Encoder,
  params: Tensors,
  states: States,
  batch: Tensors,
  text: tf.Tensor | undefined,
  weight?: tf.Tensor,
): tf.Tensor1D {
  const { targets, targetWeights } = batch;
  const action = batch.action!.expandDims(1);
  const at = (rows: tf.Tensor) => supervisedHead(encoder, params, rows, text);
  if (states.all) {
    const [rows, window, size] = states.all.shape;
    const { features, weight: table } = at(states.all.reshape([rows * window, size]));
    const next = nextItems(batch, table.shape[0]!);
    const shares = positionShares(batch, table.shape[0]!, weight);
    const flat = (x: tf.Tensor) => x.reshape([rows * window, 1]);
    const logged = softmaxCrossEntropy(features, table, flat(next), flat(shares)).reshape([rows, window]).sum(1);
    if (!targets) return logged as tf.Tensor1D;
    const last = at(states.last);
    return tf.add(logged, softmaxCrossEntropy(last.features, last.weight, targets, targetWeights!)) as tf.Tensor1D;
  }
  const { features, weight: table } = at(states.last);
  const own = weight ? weight.expandDims(1) : tf.onesLike(action).toFloat();
  const ids = targets ? tf.concat([action, targets], 1) : action;
  const weights = targets ? tf.concat([own, targetWeights!], 1) : own;
  return softmaxCrossEntropy(features, table, ids, weights) as tf.Tensor1D;
}

/** What follows each slot, int32 [B, L]: the next event, the action after the last; some item after padding. */
function nextItems(batch: Tensors, items: number): tf.Tensor2D {
  const history = batch.items as tf.Tensor2D;
  const action = batch.action!.expandDims(1) as tf.Tensor2D;
  const [rows, window] = history.shape;
  const shifted = tf.concat([tf.slice(history, [0, 1], [rows, window - 1]), action], 1);
  const next = tf.minimum(shifted, tf.scalar(items - 1, 'int32'));
  const last = lastSlots(batch).toInt();
  return tf.add(next, tf.mul(last, tf.sub(action, next)));
}

/** Weights of the slots [B, L]: 1 / length at events, times `weight` at the last, 0 at padding. */
function positionShares(batch: Tensors, padId: number, weight: tf.Tensor | undefined): tf.Tensor {
  const last = lastSlots(batch);
  // The empty history predicts as well: its one slot is padding, and its last.
  const valid = tf.maximum(validSlots({ items: batch.items!, length: batch.length! }, padId), last);
  const share = tf.div(valid, batch.length!.toFloat().expandDims(1));
  return weight ? tf.mul(share, tf.add(tf.sub(tf.scalar(1), last), tf.mul(last, weight.expandDims(1)))) : share;
}

/** [B, L] float: 1 at slot length - 1. */
function lastSlots({ items, length }: Tensors): tf.Tensor {
  const slots = tf.range(1, items!.shape[1]! + 1, 1, 'int32').expandDims(0);
  return tf.equal(slots, length!.expandDims(1)).toFloat();
}
