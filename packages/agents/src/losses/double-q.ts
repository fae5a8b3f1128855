import { stopGradient, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { criticHead, greedy, supervisedHead, values } from '../heads.ts';
import type { Encoder, Histories, Mode } from '../types.ts';
import { plain, type Valuation } from './valuation.ts';

/** The network that learns and the one that values. */
export interface Networks {
  readonly params: Tensors;
  readonly target: Tensors;
}

/** The passes of a bootstrap, each with dropout masks of its own. */
export interface Passes {
  readonly select: Mode;
  readonly value: Mode;
}

/**
 * Double-Q bootstrap values [B]: Q'(s, argmax_b Q(s, b)), the learning network selects, the target network values, each
 * in a pass of its own. No gradient.
 *
 * @param candidates the items that may be selected; all when left out
 * @param environment states of an environment [B, E] that the Q heads read as well
 * @param bcq share of the favourite's probability under the supervised head that an action needs to be selected
 * @param valuation how the two networks' heads are read; as they are when left out
 */
export function doubleQ(
  encoder: Encoder,
  { params, target }: Networks,
  histories: Histories,
  { select, value }: Passes,
  {
    candidates,
    bcq,
    environment,
  }: {
    readonly candidates?: tf.Tensor | undefined;
    readonly bcq: number;
    readonly environment?: tf.Tensor | undefined;
  },
  valuation: Valuation = plain,
): tf.Tensor1D {
  const [learning, valuing] = [fixed(params), fixed(target)];
  const state = encoder.encode(learning, histories, select);
  const allowed = bcq > 0 ? likely(supervised(encoder, learning, state, select, candidates), bcq) : undefined;
  const best = greedy(valuation.select(criticHead(learning, state, environment), candidates), candidates, allowed);
  const valued = criticHead(valuing, encoder.encode(valuing, histories, value), environment);
  return valuation.value(valued, best) as tf.Tensor1D;
}

/** Bool, of the form of `logits`: whose probability is at least `share` of the row's greatest. */
export function likely(logits: tf.Tensor, share: number): tf.Tensor {
  return tf.greaterEqual(logits, tf.add(tf.max(logits, 1, true), tf.scalar(Math.log(share))));
}

/** The same tensors, without gradient. */
export function fixed(params: Tensors): Tensors {
  return Object.fromEntries(Object.entries(params).map(([name, tensor]) => [name, stopGradient(tensor)]));
}

function supervised(encoder: Encoder, params: Tensors, state: tf.Tensor2D, mode: Mode, candidates?: tf.Tensor) {
  return values(supervisedHead(encoder, params, state, mode.text), candidates);
}
