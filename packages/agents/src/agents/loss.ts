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

/** What a weighting of the supervised term gives: weights [B] without gradient, and what to log. */
export interface Weighting {
  readonly weight: tf.Tensor;
  readonly metrics: Tensors;
  readonly terms: Tensors;
}

/** The states of a batch in the pass that learns. */
export function learningStates(input: LossInput, encoder: Encoder): States {
  return encodeStates(encoder, input.params, historiesOf(input), passMode(input, 'main'));
}

/** Means of the values that tell whether a critic is sound. */
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
 * The loss of the family, mean over the rows of:
 * weight * supervised + tdWeight (TD + TD of negatives + TD of augmented actions) + cql * penalty + alignment * alignment loss.
 *
 * @param options with `negatives`, sampled negative actions learn as well; with `augmentedActions`, those that the batch brings
 * @param weigh makes the weight of the supervised term out of the values; none: 1
 * @param states when the caller has them already
 * @param valuation how the Q head is read; as it is when left out
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

/** What a critic adds to the loss per row [B]. */
export function criticTerm({ logged, augmented, negative, cql }: Critic, options: QOptions): tf.Tensor {
  const unaided = negative ? tf.add(logged.td, negative.td) : logged.td;
  const td = augmented ? tf.add(unaided, augmented.td) : unaided;
  const weighted = tf.mul(td, tf.scalar(options.tdWeight));
  return cql ? tf.add(weighted, tf.mul(cql, tf.scalar(options.cql))) : weighted;
}

/** The parts of a critic per row. */
export function criticTerms({ logged, augmented, negative, cql }: Critic): Tensors {
  return {
    td: logged.td,
    ...logged.terms,
    ...(augmented && { tdAugmented: augmented.td, ...augmented.terms }),
    ...(negative && { tdNegative: negative.td, ...negative.terms }),
    ...(cql && { cql }),
  };
}
