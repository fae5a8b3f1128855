import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { paddingId } from '../encoders/items.ts';
import { appendEvent } from '../encoders/window.ts';
import { type Head, head } from '../heads.ts';
import { type AugmentedActions, augmentedActions } from '../losses/augmented-actions.ts';
import { conservativePenalty } from '../losses/conservative.ts';
import { doubleQ } from '../losses/double-q.ts';
import { keptNegatives, negativeActions } from '../losses/negatives.ts';
import { augmentedTarget, halfSquare, loggedTarget, negativeTarget } from '../losses/td.ts';
import { plain, type Valuation } from '../losses/valuation.ts';
import type { Encoder, Histories, LossInput } from '../types.ts';
import type { AugmentedOptions, QOptions } from './options.ts';
import { historiesOf, neededTarget, nextHistoriesOf, passMode } from './parts.ts';

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

export interface NegativeOptions {
  /** Draws per row. */
  readonly negatives: number;
  readonly negativeReward: number;
}

/** What the Q side reads of an agent's options: negatives learn when there are some, augmented actions when asked for. */
export interface CriticOptions extends QOptions, Partial<NegativeOptions>, Partial<AugmentedOptions> {
  /** Temperature of the conservative penalty. Default 1. */
  readonly cqlTemperature?: number;
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
  const at = head(input.params, 'q', state);
  const augmented = augmentedActions(batch, key, positives);
  const negatives = draws > 0 ? negativeActions(batch, key, draws, at.weight.shape[0]!) : undefined;
  const ahead = bootstraps(input, encoder, options, valuation, { augmented, negatives });
  const sets = [batch.action!.expandDims(1), negatives, augmented?.actions];
  const [q, qNegative, qAugmented] = valuesOfEach(at, valuation, sets);
  const sides = {
    logged: loggedSide(input, q!.reshape([-1]), ahead.next!, options),
    ...(augmented && { augmented: augmentedSide(augmented, qAugmented!, ahead, options) }),
    ...(negatives && { negative: negativeSide(input, negatives, qNegative!, ahead.current!, options) }),
  };
  if (options.cql === 0) return sides;
  const { items = at.weight.shape[0]! } = input;
  const temperature = options.cqlTemperature ?? 1;
  const sampling = { temperature, items, candidates: batch.candidates, logQ: frozen.logQ };
  return { ...sides, cql: conservativePenalty(valuation.all(at, batch.candidates), sides.logged.q, sampling) };
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

/** Values of the states that TD targets bootstrap from, [B], and after augmented actions [B, M]. */
interface Bootstraps {
  readonly next: tf.Tensor;
  readonly current?: tf.Tensor;
  readonly appended?: tf.Tensor;
}

/** One pass over all histories that are asked for. */
function bootstraps(
  input: LossInput,
  encoder: Encoder,
  o: CriticOptions,
  valuation: Valuation,
  { augmented, negatives }: { augmented: AugmentedActions | undefined; negatives: tf.Tensor | undefined },
): Bootstraps {
  const now = historiesOf(input);
  const stays = augmented && o.augmentedBootstrap === 'current';
  const parts: Record<string, Histories> = {
    next: nextHistoriesOf(input),
    ...((negatives || stays) && { current: now }),
    ...(augmented && !stays && { appended: afterEach(now, augmented.actions, paddingId(encoder, input.params)) }),
  };
  const all = Object.values(parts);
  const histories = {
    items: tf.concat(all.map(({ items }) => items), 0), // biome-ignore format: one line
    length: tf.concat(all.map(({ length }) => length), 0), // biome-ignore format: one line
  };
  const networks = { params: input.params, target: neededTarget(input) };
  const passes = {
    select: passMode(input, 'select', o.targetDropout),
    value: passMode(input, 'value', o.targetDropout),
  };
  const choice = { candidates: input.batch.candidates, bcq: o.bcq };
  const values = doubleQ(encoder, networks, histories, passes, choice, valuation);
  const each = tf.split(values, all.map(({ length }) => length.size)); // biome-ignore format: one line
  const named = Object.fromEntries(Object.keys(parts).map((name, i) => [name, each[i]!])) as unknown as Bootstraps;
  return named.appended ? { ...named, appended: named.appended.reshape(augmented!.actions.shape) } : named;
}

/** The histories after each of a row's actions [B, M], row by row: [B * M, L]. */
function afterEach({ items, length }: Histories, actions: tf.Tensor2D, padId: number): Histories {
  const [rows, count] = actions.shape;
  const window = items.shape[1]!;
  const repeated = {
    items: tf.tile(items.expandDims(1), [1, count, 1]).reshape([rows * count, window]),
    length: tf.tile(length.expandDims(1), [1, count]).reshape([rows * count]),
  };
  return appendEvent(repeated, actions.reshape([rows * count]), padId);
}

function loggedSide({ batch }: LossInput, q: tf.Tensor, next: tf.Tensor, o: QOptions): Logged {
  const y = loggedTarget(batch.reward!, batch.done!, next, o.gamma);
  return { q, td: halfSquare(y, q), terms: { q, qNext: next, y } };
}

/** The mean over a row's draws: more of them are less noise, not more weight. */
function augmentedSide(
  { rewards, kept }: AugmentedActions,
  q: tf.Tensor,
  { current, appended = current!.expandDims(1) }: Bootstraps,
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
  const squares = halfSquare(y.expandDims(1), q);
  const td = tf.sum(kept ? tf.mul(squares, kept) : squares, 1);
  return { q, td, kept, terms: { qNegative: q, yNegative: y } };
}
