import { fold, type Key, uniform, weightedDraw } from '@lea/core';
import type { ActionPolicy, BanditFeedback } from '../off-policy/index.ts';

/** A policy with a row of probabilities per state. */
export function statePolicy(name: string, table: readonly ArrayLike<number>[]): ActionPolicy {
  const actions = table[0]!.length;
  return {
    name,
    actions,
    probabilities(feedback, rounds) {
      const rows = new Float64Array(rounds.length * actions);
      for (const [i, round] of rounds.entries()) rows.set(table[feedback.state![round]!]!, i * actions);
      return rows;
    },
  };
}

/** A contextual bandit whose truth is known: a row of probabilities and of expected rewards per state. */
export interface Bandit {
  readonly behavior: readonly ArrayLike<number>[];
  /** [states][actions] probability of the reward 1; otherwise it is `otherwise` */
  readonly chance: readonly ArrayLike<number>[];
  readonly otherwise: number;
}

/** A log of states drawn uniformly. */
export function drawLog({ behavior, chance, otherwise }: Bandit, rounds: number, k: Key): BanditFeedback {
  const [states, actions] = [behavior.length, behavior[0]!.length];
  const draws = uniform(fold(k, 'log'), 3 * rounds);
  const state = Int32Array.from({ length: rounds }, (_, i) => Math.floor(draws[3 * i]! * states));
  const action = state.map((s, i) => weightedDraw(behavior[s]!)(draws[3 * i + 1]!));
  return {
    actions,
    state,
    action,
    propensity: Float64Array.from(state, (s, i) => behavior[s]![action[i]!]!),
    reward: Float64Array.from(state, (s, i) => (draws[3 * i + 2]! < chance[s]![action[i]!]! ? 1 : otherwise)),
  };
}

/** The true value of a policy. */
export function trueValue({ chance, otherwise }: Bandit, policy: readonly ArrayLike<number>[]): number {
  let value = 0;
  for (const [s, row] of policy.entries()) {
    for (let a = 0; a < row.length; a++) value += row[a]! * (otherwise + (1 - otherwise) * chance[s]![a]!);
  }
  return value / policy.length;
}
