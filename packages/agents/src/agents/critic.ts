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
  /** Q(s, a), [B]. */
  readonly q: tf.Tensor;
  /** 1/2 (y - Q(s,a))^2, [B]. */
  readonly td: tf.Tensor;
  readonly terms: Tensors;
}

/** The same for actions not taken, values [B, K]. */
export interface Negatives extends Logged {
  /** [B, K] 0/1: which negatives count; undefined when all do. */
  readonly kept: tf.Tensor | undefined;
}

/** The same for positive actions that the environment proposes, values [B, M]. */
export interface Augmented extends Logged {
  /** [B, M] 0/1: which of them count. */
  readonly kept: tf.Tensor;
}

export interface Critic {
  readonly logged: Logged;
  readonly augmented?: Augmented;
  readonly negative?: Negatives;
  /** Conservative penalty per row [B], not weighted; absent when its weight is 0. */
  readonly cql?: tf.Tensor;
}

/**
 * The Q side of a loss at states [B, H]. TD of
 * - the logged actions, y = r + gamma (1 - done) Q'(s', argmax Q(s', .));
 * - with `negatives`, sampled actions, y = r_n + gamma Q'(s, argmax Q(s, .));
 * - with `augmentedActions`, positive actions b that the batch brings with their rewards (LEA),
 *   y = R(s,b) + gamma Q'(s+, argmax Q(s+, .)), s+ the state after b, or s with `augmentedBootstrap: 'current'`;
 *
 * and the penalty of `cql`.
 *
 * @param valuation how the head is read; as it is when left out
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
  if (options.cql === 0) return sides;
  const { items = at.weight.shape[0]! } = input;
  const temperature = options.cqlTemperature ?? 1;
  const sampling = { temperature, items, candidates: batch.candidates, logQ: frozen.logQ };
  return { ...sides, cql: conservativePenalty(valuation.all(at, batch.candidates), sides.logged.q, sampling) };
}

/** The Q head of the network that learns, at states [B, H] and, with `criticState`, the environment's. */
export function learningCritic(
  { params, batch }: LossInput,
  state: tf.Tensor,
  { criticState }: Pick<CriticOptions, 'criticState'>,
): Head {
  return criticHead(params, state, criticState ? neededState(batch.environmentState) : undefined);
}

/** Values of each set of actions, of its shape. One gather for all of them: one scatter into the gradient of a large weight. */
function valuesOfEach(
  at: Head,
  valuation: Valuation,
  sets: readonly (tf.Tensor | undefined)[],
): (tf.Tensor | undefined)[] {
  const given = sets.filter((set) => set !== undefined);
  const all = valuation.of(at, tf.concat(given, 1));
  // The gradient of a split into one part is broken in tfjs.
  const values = given.length === 1 ? [all] : tf.split(all, given.map(({ shape }) => shape[1]!), 1); // biome-ignore format: one line
  return sets.map((set) => set && values[given.indexOf(set)]);
}

function loggedSide({ batch }: LossInput, q: tf.Tensor, next: tf.Tensor, o: QOptions): Logged {
  const y = loggedTarget(batch.reward!, batch.done!, next, o.gamma);
  return { q, td: halfSquare(y, q), terms: { q, qNext: next, y } };
}

/** The mean over a row's draws: more of them are less noise, not more weight. */
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
