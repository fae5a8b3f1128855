import { stopGradient, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { criticHead, greedy, supervisedHead, values } from '../heads.ts';
import type { Encoder, Histories, Mode } from '../types.ts';
import { plain, type Valuation } from './valuation.ts';

/** The learning network and the target network. */
export interface Networks {
  readonly params: Tensors;
  readonly target: Tensors;
}

/** The two passes of a bootstrap, each with separate dropout masks. */
export interface Passes {
  readonly select: Mode;
  readonly value: Mode;
}

/**
 * [B] double-Q bootstrap values Q'(s, argmax_b Q(s, b)): the learning network selects the action and the target network
 * evaluates it, each in a separate pass. No gradient.
 *
 * @param candidates the items that may be selected; default: all
 * @param environment [B, E] states of an environment, as additional features of the Q heads
 * @param bcq minimum fraction of the supervised head's maximum probability that an action needs to be selected
 * @param valuation how to read the two networks' Q heads; default: directly
 */
export function doubleQ(
  encoder: Encoder,
  { params, target }: Networks,
  histories: Histories,
  { select, value }: Passes,
  {
    candidates,
    bcqThreshold,
    environment,
  }: {
    readonly candidates?: tf.Tensor | undefined;
    readonly bcqThreshold: number;
    readonly environment?: tf.Tensor | undefined;
  },
  valuation: Valuation = plain,
): tf.Tensor1D {
  const [learning, valuing] = [fixed(params), fixed(target)];
  const state = encoder.encode(learning, histories, select);
  const allowed =
    bcqThreshold > 0 ? likely(supervised(encoder, learning, state, select, candidates), bcqThreshold) : undefined;
  const best = greedy(valuation.select(criticHead(learning, state, environment), candidates), candidates, allowed);
  const valued = criticHead(valuing, encoder.encode(valuing, histories, value), environment);
  return valuation.value(valued, best) as tf.Tensor1D;
}

/** Bool in the shape of `logits`: whether the probability is at least `share` times the row's maximum. */
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
