import type { Resource } from '@lea/core';
import type { Discrete, MultiDiscrete, Point, Space } from './spaces.ts';

/** Additional information with every observation, as plain JSON. */
export interface StepInfo {
  /** Number of steps taken in this episode. */
  readonly step: number;
  /** The user's whole history, oldest item first. */
  readonly history: readonly number[];
  /** Item accepted in the last step; -1 if none, or after a reset. */
  readonly chosen: number;
  /** Probability that the user accepted any item in the last step; 0 after a reset. */
  readonly probability: number;
  /** Reward of the last step on the reward model's scale; 0 after a reset. */
  readonly raw: number;
  /** Number of consecutive steps up to now without an accepted item. */
  readonly rejections: number;
}

/** One or more observations, flat, [number * size of the observation space]. */
export type Observation = Float32Array | Int32Array;

/** A step environment like Gymnasium's `Env`, with asynchronous methods. */
export interface StepEnvironment extends Resource {
  /** Name for tables. */
  readonly name: string;
  /** Space of observations. */
  readonly observationSpace: Space;
  /** Space of actions: an item, or a slate of items. */
  readonly actionSpace: Discrete | MultiDiscrete;
  /** Number of steps after which an episode is truncated. */
  readonly horizon: number;
  /** Starts an episode. */
  reset(options?: {
    /** Equal seeds and actions give equal episodes. Default: the next episode of the last seed. */
    readonly seed?: number;
  }): Promise<{
    /** First observation. */
    observation: Observation;
    /** Additional information. */
    info: StepInfo;
  }>;
  /** Offers items to the user. @throws LeaError `E_ACTION`, `E_NOT_RESET`, `E_EPISODE_OVER`, `E_STEP_PENDING` */
  step(action: Point): Promise<{
    /** Observation after the step. */
    observation: Observation;
    /** Reward of the step. */
    reward: number;
    /** Whether the user has left. */
    terminated: boolean;
    /** Whether the horizon is reached. */
    truncated: boolean;
    /** Additional information. */
    info: StepInfo;
  }>;
  /** Creates an environment with the same model and independent episodes. */
  fork(): StepEnvironment;
  /**
   * Creates `size` environments that are stepped together: each model is called once per step, and only for episodes that
   * are not over.
   */
  vectorize(
    size: number,
    options?: {
      /** Behavior after the end of an episode (default `next-step`). */
      readonly autoresetMode?: AutoresetMode;
    },
  ): VectorStepEnvironment;
}

/**
 * Behavior of a step after the end of an episode; the action is ignored and the reward is 0. `next-step` (default): starts the
 * next episode. `disabled`: does nothing until `reset`. Gymnasium >= 1.1 has the same modes.
 */
export type AutoresetMode = 'next-step' | 'disabled';

/** Several step environments that are stepped together, like Gymnasium's `VectorEnv`. */
export interface VectorStepEnvironment extends Resource {
  /** Name for tables. */
  readonly name: string;
  /** Number of environments. */
  readonly size: number;
  /** Number of steps after which an episode is truncated. */
  readonly horizon: number;
  /** Behavior after the end of an episode. */
  readonly autoresetMode: AutoresetMode;
  /** Observation space of one environment. */
  readonly singleObservationSpace: Space;
  /** Action space of one environment. */
  readonly singleActionSpace: Discrete | MultiDiscrete;
  /** Starts an episode in every environment. */
  reset(options?: {
    /** The i-th environment gets the seed `seed + i`. Default: the next episodes of the last seed. */
    readonly seed?: number;
  }): Promise<{
    /** First observations, [size, size of the observation space]. */
    observations: Observation;
    /** Additional information, [size]. */
    infos: StepInfo[];
  }>;
  /** Takes one step in every environment. @param actions offered items, [size, slate] */
  step(actions: ArrayLike<number>): Promise<{
    /** Observations after the step, [size, size of the observation space]. */
    observations: Observation;
    /** Rewards, [size]. */
    rewards: Float64Array;
    /** Whether the users have left, [size]. */
    terminated: boolean[];
    /** Whether the horizon is reached, [size]. */
    truncated: boolean[];
    /** Additional information, [size]. */
    infos: StepInfo[];
  }>;
}
