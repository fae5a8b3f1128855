import type { Resource } from '@lea/core';
import type { Discrete, MultiDiscrete, Point, Space } from './spaces.ts';

/** Said with every observation. Plain JSON. */
export interface StepInfo {
  /** Steps taken in this episode. */
  readonly step: number;
  /** The newest items of the user's history, oldest first: what a policy reads. */
  readonly history: readonly number[];
  /** Item that was taken up in the last step; -1: none, also after a reset. */
  readonly chosen: number;
  /** Probability that anything was; 0 after a reset. */
  readonly probability: number;
  /** Reward on the reward model's own scale; 0 after a reset. */
  readonly raw: number;
  /** Steps in a row, up to now, in which nothing was taken up. */
  readonly rejections: number;
}

/** A step's observation: [size of the observation space]. */
export type Observation = Float32Array | Int32Array;

/** An environment to step through, in the sense of Gymnasium's `Env`; models are asked, hence the promises. */
export interface StepEnvironment extends Resource {
  readonly name: string;
  readonly observationSpace: Space;
  readonly actionSpace: Discrete | MultiDiscrete;
  /** Steps after which an episode is truncated. */
  readonly horizon: number;
  /**
   * Begins an episode.
   *
   * @param options.seed equal seeds and actions give equal episodes; without one, the next episode of the last seed
   */
  reset(options?: { readonly seed?: number }): Promise<{ observation: Observation; info: StepInfo }>;
  /** @throws LeaError `E_ACTION`, `E_NOT_RESET`, `E_EPISODE_OVER`, `E_STEP_PENDING` */
  step(action: Point): Promise<{
    observation: Observation;
    reward: number;
    /** The user has left. */
    terminated: boolean;
    /** The horizon is reached. */
    truncated: boolean;
    info: StepInfo;
  }>;
  /** Another one over the same model, with episodes of its own. */
  fork(): StepEnvironment;
  /**
   * `size` of these that take their steps together: every model is called once a step, whatever the size, and only about
   * episodes that are not over.
   */
  vectorize(size: number, options?: { readonly autoresetMode?: AutoresetMode }): VectorStepEnvironment;
}

/**
 * What a step does with an episode that is over, whatever the action, with reward 0; Gymnasium >= 1.1 has the same modes.
 * `next-step` (default there and here): the next episode begins. `disabled`: nothing, until `reset`.
 */
export type AutoresetMode = 'next-step' | 'disabled';

/** Several episodes side by side, in the sense of Gymnasium's `VectorEnv`. */
export interface VectorStepEnvironment extends Resource {
  readonly name: string;
  readonly size: number;
  readonly horizon: number;
  readonly autoresetMode: AutoresetMode;
  /** Spaces of one of them. */
  readonly singleObservationSpace: Space;
  readonly singleActionSpace: Discrete | MultiDiscrete;
  /** @param options.seed the i-th gets seed + i */
  reset(options?: { readonly seed?: number }): Promise<{
    /** [size, size of the observation space] */
    observations: Observation;
    infos: StepInfo[];
  }>;
  /** @param actions [size, slate] */
  step(actions: ArrayLike<number>): Promise<{
    observations: Observation;
    /** [size] */
    rewards: Float64Array;
    terminated: boolean[];
    truncated: boolean[];
    infos: StepInfo[];
  }>;
}
