import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { head, valuesOf } from '../heads.ts';
import { keptNegatives, negativeActions } from '../losses/negatives.ts';
import { doubleQ, halfSquare, loggedTarget, negativeTarget } from '../losses/td.ts';
import type { Encoder, LossInput } from '../types.ts';
import { neededTarget, passMode, type QOptions } from './base.ts';

/** Values and TD terms of the logged actions. */
export interface Logged {
  /** Q(s, a), [B]. */
  readonly q: tf.Tensor;
  /** 1/2 (y - Q(s,a))^2, [B]. */
  readonly td: tf.Tensor;
  readonly terms: Tensors;
}

/** The same for actions not taken. */
export interface Negatives extends Logged {
  /** [B, K] 0/1: which negatives count; undefined when all do. */
  readonly kept: tf.Tensor | undefined;
}

/** TD of the logged actions: y = r + gamma (1 - done) Q'(s', argmax Q(s', .)). */
export function loggedTd(name: string, input: LossInput, encoder: Encoder, state: tf.Tensor, o: QOptions): Logged {
  const { nextItems, nextLength, action } = input.batch;
  const next = bootstrap(name, input, encoder, { items: nextItems!, length: nextLength! }, o);
  return logged(input, valuesOf(head(input.params, 'q', state), action!), next, o);
}

/**
 * TD of logged and of sampled negative actions. The passes over s' and s that make the targets are one pass over both.
 *
 * @param o.negatives draws per row @param o.negativeReward their reward
 */
export function bothTds(
  name: string,
  input: LossInput,
  encoder: Encoder,
  state: tf.Tensor,
  o: QOptions & { readonly negatives: number; readonly negativeReward: number },
): { logged: Logged; negative: Negatives } {
  const { items, length, nextItems, nextLength } = input.batch;
  const both = { items: tf.concat([nextItems!, items!], 0), length: tf.concat([nextLength!, length!], 0) };
  const [next, current] = tf.split(bootstrap(name, input, encoder, both, o), 2, 0) as [tf.Tensor, tf.Tensor];

  const at = head(input.params, 'q', state);
  const actions = negativeActions(input.batch, input.key, o.negatives, at.weight.shape[0]!);
  // One gather for all of them: one scatter into the gradient of a large weight.
  const values = valuesOf(at, tf.concat([input.batch.action!.expandDims(1), actions], 1));
  const [qLogged, q] = tf.split(values, [1, actions.shape[1]], 1) as [tf.Tensor, tf.Tensor];
  const kept = keptNegatives(input.batch, actions);
  const y = negativeTarget(o.negativeReward, current, o.gamma);
  const squares = halfSquare(y.expandDims(1), q);
  const td = tf.sum(kept ? tf.mul(squares, kept) : squares, 1);
  return {
    logged: logged(input, qLogged.reshape([-1]), next, o),
    negative: { q, td, kept, terms: { qNegative: q, yNegative: y } },
  };
}

function logged({ batch }: LossInput, q: tf.Tensor, next: tf.Tensor, o: QOptions): Logged {
  const y = loggedTarget(batch.reward!, batch.done!, next, o.gamma);
  return { q, td: halfSquare(y, q), terms: { q, qNext: next, y } };
}

function bootstrap(
  name: string,
  input: LossInput,
  encoder: Encoder,
  histories: { items: tf.Tensor; length: tf.Tensor },
  { targetDropout }: QOptions,
): tf.Tensor1D {
  const networks = { params: input.params, target: neededTarget(name, input) };
  const select = passMode(input, 'select', targetDropout);
  return doubleQ(encoder, networks, histories, { select, value: passMode(input, 'value', targetDropout) });
}
