import { LeaError } from '@lea/core';
import { type RewardModel, type World, windowsOf } from '@lea/data';
import type { Environment } from '../inference/environment.ts';
import type { Box } from './spaces.ts';

/** Simulated users of a step environment: their states after histories and their reactions to items. */
export interface UserModel {
  readonly name: string;
  readonly items: number;
  /** Maximum number of events read of a history; undefined: all. */
  readonly window: number | undefined;
  /** Space of user states, if any. */
  readonly states: Box | undefined;
  /** Reads complete histories, oldest event first. */
  after(histories: readonly (readonly number[])[]): Promise<UserMoment>;
}

/** Users after their histories. */
export interface UserMoment {
  /** User states, [size, width], if any. */
  readonly state: Float32Array | undefined;
  /** Reactions of the users in `rows` to `actions` [rows, A], with one call of the model. */
  respond(rows: readonly number[], actions: Int32Array): Promise<Response>;
}

/** Reactions to items. */
export interface Response {
  /** Rewards on the model's scale, [rows, A]. */
  readonly reward: Float32Array;
  /** Utilities, [rows, A]: logits of choices up to scale and shift. */
  readonly utility: Float32Array;
}

/**
 * Creates simulated users from
 *
 * - a fitted environment: with its states; rewards, of `rewardModel` if given, are also utilities (Bradley-Terry);
 * - a synthetic world: states are beliefs about the user's taste, rewards are the true expected rewards, utilities are
 *   log P(item | history);
 * - any reward model: without states.
 */
export function userModel(source: Environment | World | RewardModel, rewardModel: RewardModel | undefined): UserModel {
  const users =
    'encode' in source ? fittedUsers(source) : 'outlook' in source ? worldUsers(source) : ratingUsers(source);
  if (!rewardModel) return users;
  if (rewardModel.items !== users.items) {
    throw new LeaError('E_OPTION_VALUE', `Expected a reward model for ${users.items} items.`, {
      value: rewardModel.items,
    });
  }
  const rating = ratingUsers(rewardModel);
  return {
    ...users,
    async after(histories) {
      const [{ state }, { respond }] = await Promise.all([users.after(histories), rating.after(histories)]);
      return { state, respond };
    },
  };
}

function fittedUsers(env: Environment): UserModel {
  return {
    name: env.name,
    items: env.items,
    window: env.window,
    states: { type: 'box', shape: [env.stateSize], low: null, high: null, dtype: 'float32' },
    async after(histories) {
      const encoded = await env.encode(windowsOf(histories, env.window, env.items));
      return {
        state: encoded.state,
        async respond(rows, actions) {
          // Encoded histories cannot be split, so the other rows get rewards for item 0, which are ignored.
          const perRow = actions.length / rows.length;
          const all = new Int32Array(histories.length * perRow);
          rows.forEach((row, i) => {
            all.set(actions.subarray(i * perRow, (i + 1) * perRow), row * perRow);
          });
          const rewards = await env.rewardsEncoded(encoded, all);
          return both(
            Float32Array.from(actions, (_, i) => rewards[rows[Math.floor(i / perRow)]! * perRow + (i % perRow)]!),
          );
        },
      };
    },
  };
}

function worldUsers(world: World): UserModel {
  const items = world.itemTexts.itemIds.length;
  const tastes = world.tastes.length;
  const { click, purchase } = world.options.rewards;
  return {
    name: 'world',
    items,
    window: undefined,
    states: { type: 'box', shape: [tastes], low: 0, high: 1, dtype: 'float32' },
    async after(histories) {
      const outlooks = histories.map((history) => world.outlook(history));
      const state = new Float32Array(histories.length * tastes);
      outlooks.forEach(({ belief }, i) => {
        state.set(belief, i * tastes);
      });
      return {
        state,
        async respond(rows, actions) {
          const perRow = actions.length / rows.length;
          const outlookOf = (i: number) => outlooks[rows[Math.floor(i / perRow)]!]!;
          return {
            reward: Float32Array.from(actions, (item, i) => {
              const { choice, bought } = outlookOf(i);
              return click * (choice[item]! - bought[item]!) + purchase * bought[item]!;
            }),
            utility: Float32Array.from(actions, (item, i) => Math.log(outlookOf(i).choice[item]!)),
          };
        },
      };
    },
  };
}

function ratingUsers(model: RewardModel): UserModel {
  return {
    name: model.name,
    items: model.items,
    window: model.window,
    states: undefined,
    async after(histories) {
      return {
        state: undefined,
        async respond(rows, actions) {
          const asked = rows.map((row) => histories[row]!);
          return both(await model.rewards(windowsOf(asked, model.window, model.items), actions));
        },
      };
    },
  };
}

function both(rewards: Float32Array): Response {
  const missing = rewards.findIndex((reward) => !Number.isFinite(reward));
  if (missing < 0) return { reward: rewards, utility: rewards };
  throw new LeaError('E_REWARD_MISSING', 'The reward model returned a reward that is not finite.', {
    value: rewards[missing],
    hint: 'For a prompted model, set wrongAnswer to "throw".',
  });
}
