import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { type Head, head } from '../heads.ts';
import { conservativePenalty } from '../losses/conservative.ts';
import { doubleQ } from '../losses/double-q.ts';
import { keptNegatives, negativeActions } from '../losses/negatives.ts';
import { halfSquare, loggedTarget, negativeTarget } from '../losses/td.ts';
import { plain, type Valuation } from '../losses/valuation.ts';
import type { Encoder, Histories, LossInput } from '../types.ts';
import type { QOptions } from './options.ts';
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

export interface Critic {
  readonly logged: Logged;
  readonly negative?: Negatives;
  /** Conservative penalty per row [B], not weighted; absent when its weight is 0. */
  readonly cql?: tf.Tensor;
}

export interface NegativeOptions {
  /** Draws per row. */
  readonly negatives: number;
  readonly negativeReward: number;
}

/** What the Q side reads of an agent's options: negatives learn when there are some. */
export interface CriticOptions extends QOptions, Partial<NegativeOptions> {
  /** Temperature of the conservative penalty. Default 1. */
  readonly cqlTemperature?: number;
}

/**
 * The Q side of a loss at states [B, H]: TD of the logged actions, y = r + gamma (1 - done) Q'(s', argmax Q(s', .)), and
 * with `negatives` also of sampled ones, y = r_n + gamma Q'(s, argmax Q(s, .)); the penalty of `cql`.
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
  const { negatives = 0, negativeReward = 0 } = options;
  const at = head(input.params, 'q', state);
  const sides =
    negatives > 0
      ? both(input, encoder, at, { ...options, negatives, negativeReward }, valuation)
      : one(input, encoder, at, options, valuation);
  if (options.cql === 0) return sides;
  const { batch, frozen, items = at.weight.shape[0]! } = input;
  const temperature = options.cqlTemperature ?? 1;
  const sampling = { temperature, items, candidates: batch.candidates, logQ: frozen.logQ };
  return { ...sides, cql: conservativePenalty(valuation.all(at, batch.candidates), sides.logged.q, sampling) };
}

function one(input: LossInput, encoder: Encoder, at: Head, o: QOptions, valuation: Valuation): { logged: Logged } {
  const next = bootstrap(input, encoder, nextHistoriesOf(input), o, valuation);
  return { logged: logged(input, valuation.of(at, input.batch.action!), next, o) };
}

/** The passes over s' and s that make the two targets are one pass over both. */
function both(
  input: LossInput,
  encoder: Encoder,
  at: Head,
  o: QOptions & NegativeOptions,
  valuation: Valuation,
): { logged: Logged; negative: Negatives } {
  const [after, now] = [nextHistoriesOf(input), historiesOf(input)];
  const histories = { items: tf.concat([after.items, now.items], 0), length: tf.concat([after.length, now.length], 0) };
  const [next, current] = tf.split(bootstrap(input, encoder, histories, o, valuation), 2, 0) as [tf.Tensor, tf.Tensor];

  const actions = negativeActions(input.batch, input.key, o.negatives, at.weight.shape[0]!);
  // One gather for all of them: one scatter into the gradient of a large weight.
  const values = valuation.of(at, tf.concat([input.batch.action!.expandDims(1), actions], 1));
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
  input: LossInput,
  encoder: Encoder,
  histories: Histories,
  o: QOptions,
  valuation: Valuation,
): tf.Tensor1D {
  const networks = { params: input.params, target: neededTarget(input) };
  const passes = {
    select: passMode(input, 'select', o.targetDropout),
    value: passMode(input, 'value', o.targetDropout),
  };
  return doubleQ(encoder, networks, histories, passes, { candidates: input.batch.candidates, bcq: o.bcq }, valuation);
}
