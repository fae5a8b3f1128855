import {
  defaultsOf,
  finite,
  flag,
  type Given,
  type OptionsSchema,
  oneOf,
  option,
  positive,
  reference,
  seed,
  share,
  whole,
} from '@lea/core';
import type { Rewards } from '@lea/data';

/** The signals that an environment adds to the R train rows, in the order of the train transitions. */
export interface Signals {
  /** [R]: replaces the logged event's reward in the TD loss; `ce` has none and does not read it. */
  readonly reward?: Float32Array | undefined;
  /** [R*k]: items that serve as soft targets of the supervised loss, in addition to the logged action. */
  readonly targets?: Int32Array | undefined;
  /** [R*k]: weight of each target in the cross-entropy; 0 disables a target. */
  readonly targetWeights?: Float32Array | undefined;
  /** [R*k]: reward of each target as an action, for agents with `augmentedActions`; without it the TD loss ignores targets. */
  readonly targetRewards?: Float32Array | undefined;
  /** Number of targets per row. */
  readonly k?: number | undefined;
  /** [R*stateSize]: the environment's state of each row, for agents with `alignmentWeight` or `criticState`. */
  readonly environmentState?: Float32Array | undefined;
  /** Number of columns of the environment's states. */
  readonly stateSize?: number | undefined;
  /** `rowsHash` of the R rows, which `fit` compares with its own. Without it, any signals of R rows are accepted. */
  readonly rowsHash?: string | undefined;
}

/** The parts of LEA. */
export interface SignalParts {
  /** State modeling: distills the environment's states, in the form `stateForm`. Default: false. */
  readonly state: boolean;
  /** Reward modeling: replaces the logged rewards, in the form `rewardForm`. Default: false. */
  readonly reward: boolean;
  /** Action modeling: adds positive actions as soft targets. Default: true. */
  readonly actions: boolean;
}

/** Options of `leaSignals`. */
export interface SignalOptions {
  /** Parts of LEA to use. The defaults follow the measurements in docs/results/lea.md. Default: the actions alone. */
  readonly use: Given<SignalParts>;
  /** Total weight of the positive actions against 1 for the logged action. Higher: closer to the environment. Default: 1. */
  readonly positivesWeight: number;
  /** Positive actions per row, at most the annotation's. Higher: softer targets, a little more time per step. Default: 20. */
  readonly k: number;
  /** Softmax temperature of rewards (actions) and logits (state). Higher: more even weights. Default: 1. */
  readonly temperature: number;
  /**
   * The rewards of `fit`, a number per kind or `logged`: the scale that modeled rewards keep. Needed by `use.reward`. With
   * `use.actions` they give positive actions their rewards. Default: none, positive actions enter the supervised loss only.
   */
  readonly rewards: Rewards | undefined;
  /**
   * The signal of `use.state`: soft `targets` of the supervised loss, the environment's state `vectors`, or `both`. Agents with
   * `alignmentWeight` or `criticState` read vectors, which need an annotation with `states: true`. Default: `targets`.
   */
  readonly stateForm: 'targets' | 'vectors' | 'both';
  /**
   * `sigmoid` and `calibrated` rewards stay below twice the event's own, `standardized` and `raw` ones have no bounds. R is the raw modeled reward, r the event's own, and z is R in standard deviations
   * from the mean over the logged train actions. Default: `sigmoid`.
   * - `sigmoid`: 2 * sigmoid(z) * r, between 0 and twice r;
   * - `calibrated`: 2 * p * r with p = sigmoid(slope * R + intercept), the environment's calibrated probability; needs one
   *   that was fitted with validation, and no cross-fitting. As `sigmoid`, but its mean is
   *   above r if the environment is sure of its users;
   * - `standardized`: (1 + z) * r, without bounds: differences of R are kept, and may turn a reward negative;
   * - `raw`: R, whatever the event: its scale becomes the scale of Q. Of `crossFit` it is z already.
   */
  readonly rewardForm: 'sigmoid' | 'calibrated' | 'standardized' | 'raw';
  /** Share of the modeled reward in `use.reward`, the rest is the event's own. Lower: closer to the log. Default: 1. */
  readonly rewardMix: number;
  /**
   * Breaks the signal on purpose, to show how much of a gain comes from the environment. `random-positives` replaces the
   * proposed items by distinct ones drawn uniformly, never the logged one. `shuffled-rewards` deals the rewards to other rows
   * and items. Default: `none`.
   */
  readonly ablation: 'none' | 'random-positives' | 'shuffled-rewards';
  /** Seed of the ablation. Default: 0. */
  readonly seed: number;
}

/** Defaults and checks of `SignalParts`. */
export const signalPartsSchema: OptionsSchema<SignalParts> = {
  state: option(flag, false),
  reward: option(flag, false),
  actions: option(flag, true),
};

/** Defaults and checks of `SignalOptions`. */
export const signalSchema: OptionsSchema<SignalOptions> = {
  use: option(reference<Given<SignalParts>>(), defaultsOf(signalPartsSchema)),
  positivesWeight: option(finite(0), 1),
  k: option(whole(1), 20),
  temperature: option(positive, 1),
  rewards: option(reference<Rewards>(), undefined),
  stateForm: option(oneOf('targets', 'vectors', 'both'), 'targets'),
  rewardForm: option(oneOf('sigmoid', 'calibrated', 'standardized', 'raw'), 'sigmoid'),
  rewardMix: option(share, 1),
  ablation: option(oneOf('none', 'random-positives', 'shuffled-rewards'), 'none'),
  seed: option(seed, 0),
};
