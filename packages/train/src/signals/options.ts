/** The signals that an environment adds to the R train rows, in the order of the train transitions. */
export interface Signals {
  /** [R]: replaces the logged event's reward in the TD loss. */
  readonly reward?: Float32Array;
  /** [R*k]: items that serve as soft targets of the supervised loss, in addition to the logged action. */
  readonly targets?: Int32Array;
  /** [R*k]: weight of each target in the cross-entropy; 0 disables a target. */
  readonly targetWeights?: Float32Array;
  /** [R*k]: reward of each target as an action, for agents with `augmentedActions`; without it the TD loss ignores targets. */
  readonly targetRewards?: Float32Array;
  /** Number of targets per row. */
  readonly k?: number;
  /** [R*stateSize]: the environment's state of each row, for agents with `alignmentWeight` or `criticState`. */
  readonly environmentState?: Float32Array;
  /** Number of columns of the environment's states. */
  readonly stateSize?: number;
}

/** Options of `leaSignals`. */
export interface SignalOptions {
  /**
   * Which parts of LEA are used; default `{ state: false, reward: false, actions: true }`: what the measurements in
   * docs/results/lea.md ("LEA's parts") speak for.
   */
  use?: { state?: boolean; reward?: boolean; actions?: boolean };
  /** Total weight of the positive actions against 1 for the logged action; default 1. Higher: closer to the environment. */
  positivesWeight?: number;
  /** Positive actions per row, at most the annotation's; default 20. Higher: softer targets, a little more time per step. */
  k?: number;
  /** Softmax temperature of rewards (actions) and logits (state); default 1. Higher: more even weights. */
  temperature?: number;
  /**
   * Reward per event kind, in the order of `sequences.kinds`: the scale that modeled rewards keep. Needed by `use.reward`.
   * With `use.actions` they give positive actions their rewards; left out, those reach the supervised loss only.
   */
  rewards?: readonly number[];
  /**
   * The form of the state with `use.state`: soft `targets` of the supervised loss (default), the environment's state `vectors`, which agents
   * with `alignmentWeight` or `criticState` read and which need an annotation with `states: true`, or `both`.
   */
  stateForm?: 'targets' | 'vectors' | 'both';
  /**
   * The form of a raw modeled reward R with `use.reward`, with r the event's own and z = R in standard deviations from the
   * mean over the logged train actions. Default `sigmoid`:
   * - `sigmoid`: 2 * sigmoid(z) * r, between 0 and twice r;
   * - `calibrated`: 2 * p * r with p = sigmoid(slope * R + intercept), the environment's calibrated probability; needs one
   *   that was fitted with validation, and no cross-fitting. As `sigmoid`, but with a mean above r where the environment is sure of its users;
   * - `standardized`: (1 + z) * r, without bounds: differences of R are kept, and may turn a reward negative;
   * - `raw`: R, whatever the event: its scale becomes the scale of Q. Of `crossFit` it is z already.
   */
  rewardForm?: 'sigmoid' | 'calibrated' | 'standardized' | 'raw';
  /** Share of the modeled reward in `use.reward`, the rest is the event's own; default 1. Lower: closer to the log. */
  rewardMix?: number;
  /**
   * Breaks the signal on purpose, to show what of a gain is the environment's: `random-positives` puts uniformly drawn
   * items, as distinct as they are and never the logged one, in place of the proposed ones, `shuffled-rewards` deals the
   * rewards to other rows and items. Default `none`.
   */
  ablation?: 'none' | 'random-positives' | 'shuffled-rewards';
  /** Seed of the controls; default 0. */
  seed?: number;
}
