import {
  type ArgumentCheck,
  argumentCheck,
  checkChoices,
  checkObjects,
  checkRanges,
  type Given,
  isObject,
  LeaError,
  resource,
  withDefaults,
} from '@lea/core';
import type { RewardModel, World } from '@lea/data';
import type { Environment } from '../inference/environment.ts';
import { advance, begin, type Episode, observationSpace, observe, type Plan, planOf } from './episodes.ts';
import { type StepOptions, stepOptions } from './options.ts';
import { type Discrete, type MultiDiscrete, outside } from './spaces.ts';
import type { AutoresetMode, StepEnvironment, VectorStepEnvironment } from './types.ts';
import { type UserMoment, userModel } from './user-model.ts';

/** Refuses what has no users to simulate. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkSources: ArgumentCheck = argumentCheck(
  'a fitted environment, a world or a reward model',
  (value) => isObject(value) && (typeof value.rewards === 'function' || typeof value.outlook === 'function'),
  'Make one with await fitEnvironment(...), createWorld(...) or promptedModel(...).',
);

/**
 * Creates a step environment for recommenders, similar to Gymnasium's `Env`: each step offers items to a simulated user, who
 * accepts at most one. An accepted item is appended to the history.
 *
 * Users are simulated by a fitted environment, a synthetic world (`createWorld`, with true rewards) or any reward model. Equal
 * seeds and actions give equal episodes.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_ITEM_RANGE`, `E_REWARD_MISSING`
 */
export async function stepEnvironment(
  source: Environment | World | RewardModel,
  options?: Given<StepOptions>,
): Promise<StepEnvironment> {
  checkSources('stepEnvironment', { source });
  if (options !== undefined) checkObjects('stepEnvironment', { options });
  const users = userModel(source, options?.rewardModel);
  const o = stepOptions(source, users.items, options);
  if (o.observation === 'state' && !users.states) {
    throw new LeaError('E_OPTION_VALUE', 'stepEnvironment: the source has no states to observe.', {
      value: users.name,
      hint: 'Set observation to "window".',
    });
  }
  return single(await planOf(users, o));
}

function single(plan: Plan): StepEnvironment {
  const core = batch(plan, 1);
  return {
    name: plan.users.name,
    observationSpace: observationSpace(plan),
    actionSpace: actionSpace(plan),
    horizon: plan.options.horizon,
    async reset(options) {
      const { observations: observation, infos } = await core.reset(options?.seed);
      return { observation, info: infos[0]! };
    },
    async step(action) {
      const reason = outside(actionSpace(plan), action);
      if (reason) throw new LeaError('E_ACTION', `Invalid action: ${reason}.`, { value: action });
      const given = Int32Array.from(typeof action === 'number' ? [action] : action);
      const { observations: observation, rewards, terminated, truncated, infos } = await core.step(given, 'throw');
      return {
        observation,
        reward: rewards[0]!,
        terminated: terminated[0]!,
        truncated: truncated[0]!,
        info: infos[0]!,
      };
    },
    fork: () => single(plan),
    vectorize: (size, options) => vector(plan, size, options),
    ...resource(core.dispose),
  };
}

const MOST_ENVIRONMENTS = 4096;

function vector(plan: Plan, size: number, options: Parameters<StepEnvironment['vectorize']>[1]): VectorStepEnvironment {
  const { autoresetMode } = withDefaults('vectorize', { autoresetMode: 'next-step' as AutoresetMode }, options);
  checkChoices('vectorize', { autoresetMode }, { autoresetMode: ['next-step', 'disabled'] });
  if (!Number.isInteger(size) || size < 1 || size > MOST_ENVIRONMENTS) {
    throw new LeaError(
      'E_OPTION_VALUE',
      `The size of vectorize must be a whole number from 1 to ${MOST_ENVIRONMENTS}.`,
      {
        value: size,
      },
    );
  }
  const core = batch(plan, size);
  const { slate } = plan.options;
  const { items, name } = plan.users;
  const all: MultiDiscrete = { type: 'multi-discrete', nvec: Array<number>(size * slate).fill(items) };
  return {
    name,
    size,
    horizon: plan.options.horizon,
    autoresetMode,
    singleObservationSpace: observationSpace(plan),
    singleActionSpace: actionSpace(plan),
    reset: (given) => core.reset(given?.seed),
    async step(actions) {
      const reason = outside(all, actions);
      if (reason)
        throw new LeaError('E_ACTION', `Invalid actions for ${size} environments: ${reason}.`, { value: actions });
      return await core.step(Int32Array.from(actions), autoresetMode);
    },
    ...resource(core.dispose),
  };
}

/** Episodes that are stepped together. */
function batch(plan: Plan, size: number) {
  // Replaced as a whole after a successful call, so that a failed call can be repeated.
  let now: { readonly seed: number; readonly episodes: readonly Episode[]; readonly moment: UserMoment } | undefined;
  let [pending, disposed] = [false, false];

  /** Allows one call at a time, because a concurrent call would use an outdated state. */
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (disposed) {
      throw new LeaError('E_DISPOSED', 'The step environment has been disposed.', {
        hint: 'Create a new environment.',
      });
    }
    if (pending) {
      throw new LeaError('E_STEP_PENDING', 'The previous call has not finished.', { hint: 'Await it, or use a fork.' });
    }
    pending = true;
    try {
      return await work();
    } finally {
      pending = false;
    }
  };
  const enter = async (seed: number, episodes: readonly Episode[]) => {
    const moment = await plan.users.after(episodes.map(({ history }) => history));
    now = { seed, episodes, moment };
    return { observations: observe(plan, moment, episodes), infos: episodes.map(({ info }) => info) };
  };

  return {
    reset: (given: number | undefined) =>
      alone(async () => {
        const seed = given === undefined ? (now?.seed ?? plan.options.seed) : given;
        checkRanges('reset', { seed }, { seed: [0, Number.MAX_SAFE_INTEGER - size + 1, 'whole'] });
        const before = given === undefined ? now?.episodes : undefined;
        const episodes = Array.from({ length: size }, (_, i) =>
          begin(plan, seed + i, before ? before[i]!.number + 1 : 0),
        );
        return await enter(seed, episodes);
      }),
    /** @param atEnd for episodes that are over: throw, start the next episode, or do nothing */
    step: (actions: Int32Array, atEnd: 'throw' | AutoresetMode) =>
      alone(async () => {
        if (!now)
          throw new LeaError('E_NOT_RESET', 'The environment has not been reset.', { hint: 'Call reset first.' });
        const { seed, episodes, moment } = now;
        if (atEnd === 'throw' && episodes.some(({ over }) => over)) {
          throw new LeaError('E_EPISODE_OVER', 'The episode is over.', { hint: 'Call reset to start the next one.' });
        }
        const outcomes = await advance(plan, moment, episodes, actions);
        const result = episodes.map((before, i) => {
          const episode = atEnd === 'disabled' ? before : begin(plan, seed + i, before.number + 1);
          return outcomes[i] ?? { episode, reward: 0, terminated: false, truncated: false };
        });
        const entered = result.map(({ episode }) => episode);
        return {
          ...(await enter(seed, entered)),
          rewards: Float64Array.from(result, ({ reward }) => reward),
          terminated: result.map(({ terminated }) => terminated),
          truncated: result.map(({ truncated }) => truncated),
        };
      }),
    async dispose(): Promise<void> {
      disposed = true;
      now = undefined;
    },
  };
}

function actionSpace({ users, options }: Plan): Discrete | MultiDiscrete {
  const { slate } = options;
  const n = users.items;
  return slate === 1 ? { type: 'discrete', n } : { type: 'multi-discrete', nvec: Array<number>(slate).fill(n) };
}
