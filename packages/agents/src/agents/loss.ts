import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { encodeStates, type States, supervisedLoss } from '../losses/supervised.ts';
import { plain, type Valuation } from '../losses/valuation.ts';
import type { Encoder, LossInput, LossResult } from '../types.ts';
import { aligned } from './alignment.ts';
import { type Critic, critic } from './critic.ts';
import type { CriticOptions } from './critic-options.ts';
import type { QOptions } from './options.ts';
import { historiesOf, passMode } from './parts.ts';

/** Weights of the supervised term, with metrics to log. */
export interface Weighting {
  /** [B] without gradient */
  readonly weight: tf.Tensor;
  /** Scalars to log. */
  readonly metrics: Tensors;
  /** Values per row, before the mean. */
  readonly terms: Tensors;
}

/** The states of a batch in the training pass. */
export function learningStates(input: LossInput, encoder: Encoder): States {
  return encodeStates(encoder, input.params, historiesOf(input), passMode(input, 'main'));
}

/** Metrics to monitor a critic. */
export function criticMetrics({ logged, augmented, negative, cql }: Critic): Tensors {
  return {
    'loss/td': tf.mean(logged.td),
    ...(augmented && { 'loss/td_augmented': tf.mean(augmented.td) }),
    ...(negative && { 'loss/td_negative': tf.mean(negative.td) }),
    ...(cql && { 'loss/cql': tf.mean(cql) }),
    'q/mean': tf.mean(logged.q),
    'q/min': tf.min(logged.q),
  };
}

/**
 * The actor-critic loss, the mean over rows of:
 * weight * supervised + tdWeight (TD + TD of negatives + TD of augmented actions) + cqlWeight * penalty + alignmentWeight * alignment loss.
 *
 * @param options `negatives` adds sampled negative actions, `augmentedActions` adds the positive actions of the batch
 * @param weigh computes the weight of the supervised term from the values; default: 1
 * @param states states of the training pass; default: computed here
 * @param valuation how to read the Q head; default: directly
 */
export function actorCriticLoss(
  input: LossInput,
  encoder: Encoder,
  options: CriticOptions,
  weigh?: (critic: Critic, states: States) => Weighting,
  states: States = learningStates(input, encoder),
  valuation: Valuation = plain,
): LossResult {
  const values = critic(input, encoder, states.last, options, valuation);
  const weighting = weigh?.(values, states);
  const supervised = supervisedLoss(encoder, input, states, options, weighting?.weight);
  const result = {
    loss: tf.mean(tf.add(supervised, criticTerm(values, options))) as tf.Scalar,
    metrics: { 'loss/ce': tf.mean(supervised), ...criticMetrics(values), ...weighting?.metrics },
    terms: { ce: supervised, ...criticTerms(values), ...weighting?.terms },
  };
  return aligned(result, input, states.last, options);
}

/** [B] contribution of a critic to the loss. */
export function criticTerm({ logged, augmented, negative, cql }: Critic, options: QOptions): tf.Tensor {
  const unaided = negative ? tf.add(logged.td, negative.td) : logged.td;
  const td = augmented ? tf.add(unaided, augmented.td) : unaided;
  const weighted = tf.mul(td, tf.scalar(options.tdWeight));
  return cql ? tf.add(weighted, tf.mul(cql, tf.scalar(options.cqlWeight))) : weighted;
}

/** The terms of a critic per row. */
export function criticTerms({ logged, augmented, negative, cql }: Critic): Tensors {
  return {
    td: logged.td,
    ...logged.terms,
    ...(augmented && { tdAugmented: augmented.td, ...augmented.terms }),
    ...(negative && { tdNegative: negative.td, ...negative.terms }),
    ...(cql && { cql }),
  };
}
