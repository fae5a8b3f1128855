import {
  type ArgumentCheck,
  argumentCheck,
  finite,
  type Given,
  isObject,
  type OptionsSchema,
  option,
  parseOptions,
  share,
  text,
} from '@lea/core';
import type { InteractivePolicy } from '../interactive.ts';
import type { WorldUsers, WorldVisits } from './visits.ts';

/** Options of `worldPlanner`. */
export interface PlannerOptions {
  /** Name for tables. Default: `planner`. */
  name: string;
  /**
   * Value of a user who stays after the offer. 0: only the reward of the offer counts (greedy). Higher: the plan gives up more
   * reward to keep the user; best near the mean return of a visit. Default: 5.
   */
  rest: number;
  /** Discount factor per offer. Lower: plans more greedily. Default: 1. */
  gamma: number;
}

/** Defaults and checks of {@link PlannerOptions}. */
export const plannerSchema: OptionsSchema<PlannerOptions> = {
  name: option(text, 'planner'),
  rest: option(finite(0), 5),
  gamma: option(share, 1),
};

const checkUsers: ArgumentCheck = argumentCheck(
  'the users of a world with dynamics',
  (value) => isObject(value) && typeof value.prospects === 'function' && isObject(value.rewards),
  'Use createWorld({ dynamics: {} }).users.',
);

/**
 * A policy that knows the true dynamics and the users' tastes: a reference for policies that must learn both. With r(i) the
 * expected reward of offering item i after history h, a(i) the probability that it is accepted and l(i) that the user then leaves,
 *   Q(i | h) = r(i) + gamma rest (a(i) (1 - l(i)) + (1 - a(i)) (1 - impatience)):
 * the Bellman equation with one value for all users who stay. It is not the optimum, which would need the value of every history.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function worldPlanner(users: WorldUsers, options?: Given<PlannerOptions>): InteractivePolicy<WorldVisits> {
  checkUsers('worldPlanner', { users });
  const { name, rest, gamma } = parseOptions('worldPlanner', plannerSchema, options);
  const { items, rewards, impatience } = users;
  return {
    name,
    plan({ tastes, histories }, rows, leaving) {
      const values = new Float64Array(rows.length * items);
      rows.forEach((row, at) => {
        const { accept, purchase, leave } = users.prospects(tastes[row]!, histories[row]!);
        for (let i = 0; i < items; i++) {
          const [a, p] = [accept[i]!, purchase[i]!];
          const stays = leaving ? a * (1 - leave[i]!) + (1 - a) * (1 - impatience) : 1;
          values[at * items + i] = a * (rewards.click * (1 - p) + rewards.purchase * p) + gamma * rest * stays;
        }
      });
      return values;
    },
  };
}
