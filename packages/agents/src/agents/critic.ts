import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { criticHead, type Head } from '../heads.ts';
import { type AugmentedActions, augmentedActions } from '../losses/augmented-actions.ts';
import { conservativePenalty } from '../losses/conservative.ts';
import { keptNegatives, negativeActions } from '../losses/negatives.ts';
import { augmentedTarget, halfSquare, loggedTarget, negativeTarget } from '../losses/td.ts';
import { plain, type Valuation } from '../losses/valuation.ts';
import type { Encoder, LossInput } from '../types.ts';
import { neededState } from './alignment.ts';
import { type Bootstraps, bootstraps } from './bootstraps.ts';
import type { CriticOptions } from './critic-options.ts';
import type { QOptions } from './options.ts';

/** Values and TD terms of the logged actions. */
export interface Logged {
  /** [B] Q(s, a) */
  readonly q: tf.Tensor;
  /** [B] 1/2 (y - Q(s,a))^2 */
  readonly td: tf.Tensor;
  /** Values and targets by name, for the terms of the loss. */
  readonly terms: Tensors;
}

/** Values and TD terms of sampled negative actions; values are [B, K]. */
export interface Negatives extends Logged {
  /** [B, K] 1 for negatives that count, else 0; undefined if all count */
  readonly kept: tf.Tensor | undefined;
}

/** Values and TD terms of positive actions proposed by the environment; values are [B, M]. */
export interface Augmented extends Logged {
  /** [B, M] 1 for actions that count, else 0 */
  readonly kept: tf.Tensor;
}

/** The terms of the Q head. */
export interface Critic {
  /** Terms of the logged actions. */
  readonly logged: Logged;
  /** Terms of the environment's positive actions, if the batch has them. */
  readonly augmented?: Augmented;
  /** Terms of negative actions, if the agent samples them. */
  readonly negative?: Negatives;
  /** [B] conservative penalty, unweighted; absent if its weight is 0 */
  readonly cql?: tf.Tensor;
}

/**
 * The Q-learning terms of a loss at states [B, H]: TD terms of
 * - the logged actions, y = r + gamma (1 - done) Q'(s', argmax Q(s', .));
 * - with `negatives`, sampled actions, y = r_n + gamma Q'(s, argmax Q(s, .));
 * - with `augmentedActions`, positive actions b of the batch with their rewards (LEA),
 *   y = R(s,b) + gamma Q'(s+, argmax Q(s+, .)), where s+ is the state after b, or s with `augmentedBootstrap: 'current'`;
 *
 * and the conservative penalty if `cqlWeight` is above 0.
 *
 * @param valuation how to read the Q head; default: directly
 */
export function critic(
  input: LossInput,
  encoder: Encoder,
  state: tf.Tensor,
  options: CriticOptions,
  valuation: Valuation = plain,
): Critic {
  const { negatives: draws = 0, augmentedActions: positives = 0 } = options;
  const { batch, key, frozen } = input;
  const at = learningCritic(input, state, options);
  const augmented = augmentedActions(batch, key, positives);
  const negatives = draws > 0 ? negativeActions(batch, key, draws, at.weight.shape[0]!) : undefined;
  const ahead = bootstraps(input, encoder, options, valuation, { augmented, negatives });
  const sets = [tf.expandDims(batch.action!, 1), negatives, augmented?.actions];
  const [q, qNegative, qAugmented] = valuesOfEach(at, valuation, sets);
  const sides = {
    logged: loggedSide(input, tf.reshape(q!, [-1]), ahead.next, options),
    ...(augmented && { augmented: augmentedSide(augmented, qAugmented!, ahead, options) }),
    ...(negatives && { negative: negativeSide(input, negatives, qNegative!, ahead.current!, options) }),
  };
  if (options.cqlWeight === 0) return sides;
  const { items = at.weight.shape[0]! } = input;
  const temperature = options.cqlTemperature ?? 1;
  const sampling = { temperature, items, candidates: batch.candidates, logQ: frozen.logQ };
  return { ...sides, cql: conservativePenalty(valuation.all(at, batch.candidates), sides.logged.q, sampling) };
}

/** The Q head of the learning network at states [B, H] and, with `criticState`, at the environment's states. */
export function learningCritic(
  { params, batch }: LossInput,
  state: tf.Tensor,
  { criticState }: Pick<CriticOptions, 'criticState'>,
): Head {
  return criticHead(params, state, criticState ? neededState(batch, 'environmentState') : undefined);
}

/** Values of each set of actions, in its shape. A single gather for all sets needs only one scatter into the gradient. */
function valuesOfEach(
  at: Head,
  valuation: Valuation,
  sets: readonly (tf.Tensor | undefined)[],
): (tf.Tensor | undefined)[] {
  const given = sets.filter((set) => set !== undefined);
  const all = valuation.of(at, tf.concat(given, 1));
  // tfjs computes a wrong gradient for a split into one part.
  const values = given.length === 1 ? [all] : tf.split(all, given.map(({ shape }) => shape[1]!), 1); // biome-ignore format: one line
  return sets.map((set) => set && values[given.indexOf(set)]);
}

function loggedSide({ batch }: LossInput, q: tf.Tensor, next: tf.Tensor, o: QOptions): Logged {
  const y = loggedTarget(batch.reward!, batch.done!, next, o.gamma);
  return { q, td: halfSquare(y, q), terms: { q, qNext: next, y } };
}

/** Takes the mean over a row's draws: more draws reduce the noise but do not increase the weight. */
function augmentedSide(
  { rewards, kept }: AugmentedActions,
  q: tf.Tensor,
  { current, appended = tf.expandDims(current!, 1) }: Bootstraps,
  o: QOptions,
): Augmented {
  const y = augmentedTarget(rewards, appended, o.gamma);
  const td = tf.mean(tf.mul(halfSquare(y, q), kept), 1);
  return { q, td, kept, terms: { qAugmented: q, yAugmented: y } };
}

function negativeSide(
  { batch }: LossInput,
  actions: tf.Tensor,
  q: tf.Tensor,
  current: tf.Tensor,
  { negativeReward = 0, gamma }: CriticOptions,
): Negatives {
  const kept = keptNegatives(batch, actions);
  const y = negativeTarget(negativeReward, current, gamma);
  const squares = halfSquare(tf.expandDims(y, 1), q);
  const td = tf.sum(kept ? tf.mul(squares, kept) : squares, 1);
  return { q, td, kept, terms: { qNegative: q, yNegative: y } };
}
