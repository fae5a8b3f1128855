import { softmaxCrossEntropy, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { SupervisedLossOptions } from '../agents/options.ts';
import { paddingId } from '../encoders/items.ts';
import { lastPosition, validPositions } from '../encoders/window.ts';
import { type Head, supervisedHead } from '../heads.ts';
import type { Encoder, Histories, LossInput, Mode } from '../types.ts';
import { generalizedBce, sampledSoftmax } from './sampled.ts';

/** The states of a batch. */
export interface States {
  /** [B, H] after the last event */
  readonly last: tf.Tensor2D;
  /** [B, L, H] after each event, for losses at every position */
  readonly all?: tf.Tensor3D;
}

export function encodeStates(encoder: Encoder, params: Tensors, histories: Histories, mode: Mode): States {
  if (!encoder.everyPosition) return { last: encoder.encode(params, histories, mode) };
  const all = encoder.encodeAll(params, histories, mode);
  return { all, last: lastPosition(all, histories.length) };
}

/**
 * [B] supervised loss: w times the loss of the logged action, plus the loss of the batch's extra targets weighted by
 * `targetWeights`. `options.loss` selects the loss; for `softmax` it is -log softmax(f(s))[a].
 *
 * With states at every position it is the mean over the row's n events, where each state predicts the next event; weight and
 * extra targets apply to the last state: 1/n (sum_{t<n} CE_t + w CE_n).
 *
 * `batch.offsets` float32 [B, N], if given, are added to the logits of the last state; a memory uses them, see `withMemory`.
 *
 * @param weight [B] w, without gradient; default: 1
 */
export function supervisedLoss(
  encoder: Encoder,
  input: LossInput,
  states: States,
  options: SupervisedLossOptions,
  weight?: tf.Tensor,
): tf.Tensor1D {
  const { params, batch, frozen } = input;
  const { targets, targetWeights } = batch;
  const action = tf.expandDims(batch.action!, 1);
  const at = (rows: tf.Tensor) => supervisedHead(encoder, params, rows, frozen.text);
  const of = (head: Head, ids: tf.Tensor, weights: tf.Tensor) => lossOf(input, options, head, ids, weights);
  if (states.all) {
    const [rows, window, size] = states.all.shape;
    const head = at(tf.reshape(states.all, [rows * window, size]));
    const padId = paddingId(encoder, params);
    const next = nextItems(batch, padId);
    const shares = positionShares(batch, padId, weight);
    const flat = (x: tf.Tensor) => tf.reshape(x, [rows * window, 1]);
    const logged = tf.sum(tf.reshape(of(head, flat(next), flat(shares)), [rows, window]), 1);
    if (!targets) return logged as tf.Tensor1D;
    const none = tf.cast(tf.zerosLike(action), 'float32');
    const extra = of(at(states.last), tf.concat([action, targets], 1), tf.concat([none, targetWeights!], 1));
    return tf.add(logged, extra) as tf.Tensor1D;
  }
  const own = weight ? tf.expandDims(weight, 1) : tf.cast(tf.onesLike(action), 'float32');
  const ids = targets ? tf.concat([action, targets], 1) : action;
  const weights = targets ? tf.concat([own, targetWeights!], 1) : own;
  return of(at(states.last), ids, weights);
}

function lossOf(
  { batch, frozen, items }: LossInput,
  { loss, calibration }: SupervisedLossOptions,
  head: Head,
  ids: tf.Tensor,
  weights: tf.Tensor,
): tf.Tensor1D {
  if (loss === 'softmax')
    return softmaxCrossEntropy(head.features, head.weight, ids, weights, batch.offsets) as tf.Tensor1D;
  const sampled = { ids, weights, candidates: batch.candidates! };
  if (loss === 'sampled-softmax') return sampledSoftmax(head, sampled, frozen.logQ);
  return generalizedBce(head, sampled, { items: items ?? head.weight.shape[0]!, calibration });
}

/**
 * int32 [B, L] the item after each position: the next event, the action after the last event, an arbitrary item after
 * padding.
 */
function nextItems(batch: Tensors, items: number): tf.Tensor2D {
  const history = batch.items as tf.Tensor2D;
  const action = tf.expandDims(batch.action!, 1) as tf.Tensor2D;
  const [rows, window] = history.shape;
  const shifted = tf.concat([tf.slice(history, [0, 1], [rows, window - 1]), action], 1);
  const next = tf.minimum(shifted, tf.scalar(items - 1, 'int32'));
  const last = tf.cast(lastPositions(batch), 'int32');
  return tf.add(next, tf.mul(last, tf.sub(action, next)));
}

/** [B, L] weights of the positions: 1 / length at events, times `weight` at the last event, 0 at padding. */
function positionShares(batch: Tensors, padId: number, weight: tf.Tensor | undefined): tf.Tensor {
  const last = lastPositions(batch);
  // An empty history also makes a prediction: its only position is padding, and also its last one.
  const valid = tf.maximum(validPositions({ items: batch.items!, length: batch.length! }, padId), last);
  const share = tf.div(valid, tf.expandDims(tf.cast(batch.length!, 'float32'), 1));
  return weight ? tf.mul(share, tf.add(tf.sub(tf.scalar(1), last), tf.mul(last, tf.expandDims(weight, 1)))) : share;
}

/** [B, L] float: 1 at position length - 1. */
function lastPositions({ items, length }: Tensors): tf.Tensor {
  const positions = tf.expandDims(tf.range(1, items!.shape[1]! + 1, 1, 'int32'), 0);
  return tf.cast(tf.equal(positions, tf.expandDims(length!, 1)), 'float32');
}
