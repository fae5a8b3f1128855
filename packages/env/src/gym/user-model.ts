import { LeaError } from '@lea/core';
import { type RewardModel, type World, windowsOf } from '@lea/data';
import type { Environment } from '../inference/environment.ts';
import type { Box } from './spaces.ts';

/** The simulated users of an environment to step through: how they are after a history, and what they think of items. */
export interface UserModel {
  readonly name: string;
  readonly items: number;
  /** Most events of a history that matter, where there is such a number. */
  readonly window: number | undefined;
  /** The space of their states, where they have any. */
  readonly states: Box | undefined;
  /** After these histories (complete, oldest first). */
  after(histories: readonly (readonly number[])[]): Promise<UserMoment>;
}

export interface UserMoment {
  /** [size, width] */
  readonly state: Float32Array | undefined;
  /** What the users of some `rows` think of `actions` [rows, A]; one call, and nothing is asked about the others. */
  respond(rows: readonly number[], actions: Int32Array): Promise<Response>;
}

export interface Response {
  /** [rows, A] rewards, on the model's scale. */
  readonly reward: Float32Array;
  /** [rows, A] how much they like them: what choices follow, up to scale and shift, as logits. */
  readonly utility: Float32Array;
}

/**
 * - a fitted environment: its states; rewards are utilities already (Bradley-Terry), and its own unless another reward
 *   model is given;
 * - a synthetic world: the belief about the user's taste; the true expected reward, and log P(item | history) as utility;
 * - any reward model: no states.
 */
export function userModel(source: Environment | World | RewardModel, rewardModel: RewardModel | undefined): UserModel {
  const users =
    'encode' in source ? fittedUsers(source) : 'outlook' in source ? worldUsers(source) : ratingUsers(source);
  if (!rewardModel) return users;
  if (rewardModel.items !== users.items) {
    throw new LeaError('E_OPTION_VALUE', `The environment has ${users.items} items, the reward model another number.`, {
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
          // The encoded histories are one piece: rewards of the other rows come with them, of item 0, and are left out.
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
  throw new LeaError('E_REWARD_MISSING', 'The reward model gives no finite reward for an action.', {
    value: rewards[missing],
    hint: 'With a prompted model, take wrongAnswer "raise".',
  });
}
