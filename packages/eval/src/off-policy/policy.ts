import {
  type ArgumentCheck,
  argumentCheck,
  checkNumbers,
  checkRanges,
  type Given,
  isObject,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  positive,
  share,
  whole,
} from '@lea/core';
import { checkScorers, type Scorer, scoresOf } from '@lea/data';
import type { BanditFeedback } from './feedback.ts';

/** A policy by its probabilities, as an evaluated policy or as a behavior policy. */
export interface ActionPolicy {
  /** Name for tables and errors. */
  readonly name: string;
  /** Number of actions. */
  readonly actions: number;
  /** The probability of every action in each of `rounds`: `[rounds.length, actions]`, flat; each row sums to 1. */
  probabilities(feedback: BanditFeedback, rounds: Int32Array): Float64Array | Promise<Float64Array>;
}

/** Refuses what is no policy. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkPolicies: ArgumentCheck = argumentCheck(
  'a policy with name, actions and probabilities',
  (value) => isObject(value) && typeof value.actions === 'number' && typeof value.probabilities === 'function',
  'Make one, for example with softmaxPolicy(scorer) or uniformPolicy(actions).',
);

/** Every action with the same probability. @throws LeaError `E_OPTION_VALUE` */
export function uniformPolicy(actions: number): ActionPolicy {
  checkRanges('uniformPolicy', { actions }, { actions: [1, Number.MAX_SAFE_INTEGER, 'whole'] });
  return {
    name: 'uniform',
    actions,
    probabilities: (_, rounds) => new Float64Array(rounds.length * actions).fill(1 / actions),
  };
}

/**
 * A policy whose probabilities are known for every round of one log.
 *
 * @param probabilities [rounds, actions] in row-major order
 * @throws LeaError `E_ARGUMENT_TYPE`, `E_OPTION_VALUE`
 */
export function tablePolicy(name: string, actions: number, probabilities: ArrayLike<number>): ActionPolicy {
  if (typeof name !== 'string')
    throw new LeaError('E_ARGUMENT_TYPE', 'tablePolicy: name must be a text.', { value: name });
  checkRanges('tablePolicy', { actions }, { actions: [1, Number.MAX_SAFE_INTEGER, 'whole'] });
  checkNumbers('tablePolicy', { probabilities });
  return {
    name,
    actions,
    probabilities({ action }, rounds) {
      if (probabilities.length !== action.length * actions) {
        throw new LeaError('E_PROBABILITIES', `${name} has no row of ${actions} probabilities per round.`, {
          value: probabilities.length,
          hint: `The log has ${action.length} rounds.`,
        });
      }
      const rows = new Float64Array(rounds.length * actions);
      for (const [i, round] of rounds.entries()) {
        for (let a = 0; a < actions; a++) rows[i * actions + a] = probabilities[round * actions + a]!;
      }
      return rows;
    },
  };
}

/** Options of {@link softmaxPolicy}. */
export interface SoftmaxPolicyOptions {
  /** The scores are divided by it. Higher: closer to uniform; lower: closer to always the best item. Default: 1. */
  readonly temperature: number;
}

/** Defaults and checks of {@link SoftmaxPolicyOptions}. */
export const softmaxPolicySchema: OptionsSchema<SoftmaxPolicyOptions> = { temperature: option(positive, 1) };

/**
 * The policy that draws item i with probability proportional to exp(score_i / temperature).
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function softmaxPolicy(scorer: Scorer, options?: Given<SoftmaxPolicyOptions>): ActionPolicy {
  const { temperature } = parseOptions('softmaxPolicy', softmaxPolicySchema, options);
  return fromScores('softmaxPolicy', scorer, `softmax of ${scorer?.name}`, (scores, out) => {
    softmax(scores, 1 / temperature, out);
  });
}

/** Options of {@link epsilonGreedyPolicy}. */
export interface EpsilonGreedyPolicyOptions {
  /** Probability of an item drawn uniformly instead of the best one. Higher: more overlap with any log. Default: 0.1. */
  readonly epsilon: number;
}

/** Defaults and checks of {@link EpsilonGreedyPolicyOptions}. */
export const epsilonGreedyPolicySchema: OptionsSchema<EpsilonGreedyPolicyOptions> = { epsilon: option(share, 0.1) };

/**
 * The policy that takes the best item, and with probability epsilon a uniformly drawn one. Among equal scores the smaller index
 * is the best.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function epsilonGreedyPolicy(scorer: Scorer, options?: Given<EpsilonGreedyPolicyOptions>): ActionPolicy {
  const { epsilon } = parseOptions('epsilonGreedyPolicy', epsilonGreedyPolicySchema, options);
  return fromScores('epsilonGreedyPolicy', scorer, `epsilon-greedy of ${scorer?.name}`, (scores, out) => {
    out.fill(epsilon / scores.length);
    out[best(scores, 1)[0]!]! += 1 - epsilon;
  });
}

/** Options of {@link topKPolicy}. */
export interface TopKPolicyOptions {
  /** Number of best items that are drawn from. Higher: more overlap with the log, and a weaker policy. Default: 10. */
  readonly k: number;
}

/** Defaults and checks of {@link TopKPolicyOptions}. */
export const topKPolicySchema: OptionsSchema<TopKPolicyOptions> = { k: option(whole(1), 10) };

/**
 * The policy that draws one of the k best items uniformly. Among equal scores smaller indices are better.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function topKPolicy(scorer: Scorer, options?: Given<TopKPolicyOptions>): ActionPolicy {
  const { k } = parseOptions('topKPolicy', topKPolicySchema, options);
  return fromScores('topKPolicy', scorer, `top ${k} of ${scorer?.name}`, (scores, out) => {
    const items = best(scores, Math.min(k, scores.length));
    for (const item of items) out[item] = 1 / items.length;
  });
}

/** exp(scores * inverse temperature), normalized; safe for large scores. `-Infinity` gets 0. */
export function softmax(scores: ArrayLike<number>, inverse: number, out: Float64Array): void {
  let highest = -Infinity;
  for (let i = 0; i < scores.length; i++) highest = Math.max(highest, scores[i]!);
  let total = 0;
  for (let i = 0; i < scores.length; i++) total += out[i] = Math.exp((scores[i]! - highest) * inverse);
  for (let i = 0; i < scores.length; i++) out[i]! /= total;
}

function best(scores: ArrayLike<number>, k: number): number[] {
  const kept: number[] = [];
  for (let item = 0; item < scores.length; item++) {
    if (kept.length === k && scores[item]! <= scores[kept[k - 1]!]!) continue;
    let place = kept.length;
    while (place > 0 && scores[kept[place - 1]!]! < scores[item]!) place--;
    kept.splice(place, 0, item);
    if (kept.length > k) kept.pop();
  }
  return kept;
}

function fromScores(
  where: string,
  scorer: Scorer,
  name: string,
  row: (scores: ArrayLike<number>, out: Float64Array) => void,
): ActionPolicy {
  checkScorers(where, { scorer });
  const { items, window } = scorer;
  return {
    name,
    actions: items,
    async probabilities({ histories }, rounds) {
      if (!histories) {
        throw new LeaError('E_FEEDBACK', `${name}: the log has no histories to score.`, {
          hint: 'Make the log with feedbackOf, or add the function histories.',
        });
      }
      const scores = await scoresOf(scorer, histories(rounds, window));
      const rows = new Float64Array(scores.length);
      for (let at = 0; at < rows.length; at += items)
        row(scores.subarray(at, at + items), rows.subarray(at, at + items));
      return rows;
    },
  };
}

/**
 * The probabilities of some rounds, checked.
 *
 * @throws LeaError `E_PROBABILITIES` (wrong number, not from 0 to 1, or a row whose sum is not 1 within 1e-6)
 */
export async function probabilitiesOf(
  policy: ActionPolicy,
  feedback: BanditFeedback,
  rounds: Int32Array,
): Promise<Float64Array> {
  const { actions } = feedback;
  const rows = await policy.probabilities(feedback, rounds);
  const refuse = (what: string, value: unknown): never => {
    throw new LeaError('E_PROBABILITIES', `${policy.name}: ${what}.`, { value });
  };
  if (rows?.length !== rounds.length * actions) {
    refuse(`expected ${rounds.length} rows of ${actions} probabilities`, rows?.length);
  }
  for (const [i, round] of rounds.entries()) {
    let total = 0;
    for (let at = i * actions; at < (i + 1) * actions; at++) {
      if (!(rows[at]! >= 0)) refuse(`a probability of round ${round} is negative or NaN`, rows[at]);
      total += rows[at]!;
    }
    if (!(Math.abs(total - 1) < 1e-6)) refuse(`the probabilities of round ${round} must sum to 1`, total);
  }
  return rows;
}
