import { type Check, custom, finite, flag, type OptionsSchema, oneOf, option, share, whole } from '@lea/core';

/** How losses cover the catalog: all items, or sampled items. */
export interface SupervisedLossOptions {
  /**
   * The supervised loss, over all items or over sampled ones. `softmax`: cross-entropy over all items. `sampled-softmax`: over the logged item and the sampled
   * candidates of the step, with logits corrected by the log of the sampling distribution. `gbce`: calibrated binary
   * cross-entropy of the logged item and the candidates (Petrov, Macdonald, RecSys 2023). With a sampled loss the Q head also
   * reads only the candidates, and the cost of a step does not depend on the size of the catalog. Default: `softmax`.
   */
  loss: 'softmax' | 'sampled-softmax' | 'gbce';
  /**
   * Number of items sampled per step, shared by its rows; sampled losses only. More: closer to `softmax`, slower.
   * Default: 256.
   */
  sampledItems: number;
  /**
   * Items are sampled in proportion to (1 + count)^samplingPower: 0 uniform, 1 by popularity (harder candidates).
   * Default: 0.
   */
  samplingPower: number;
  /**
   * Calibration t of `gbce`: 0 is plain (overconfident) binary cross-entropy with negatives, 1 calibrates fully; the paper uses
   * 0.75. Higher values reduce the weight of positives, so on small logs training stays close to popularity for long.
   * Default: 0.
   */
  calibration: number;
}

/** Defaults and checks of `SupervisedLossOptions`. */
export const supervisedLossSchema: OptionsSchema<SupervisedLossOptions> = {
  loss: option(oneOf('softmax', 'sampled-softmax', 'gbce'), 'softmax'),
  sampledItems: option(whole(1), 256),
  samplingPower: option(finite(0, 2), 0),
  calibration: option(share, 0),
};

/** Options that all agents with a Q head share. */
export interface QOptions extends SupervisedLossOptions {
  /** Discount factor. The papers found about 0.5 best. Higher: looks further ahead and diverges sooner. Default: 0.5. */
  gamma: number;
  /** Weight of the TD terms relative to the cross-entropy; 2 compensates for the 1/2 of the square. Default: 1. */
  tdWeight: number;
  /**
   * The network that evaluates the next action. `coin`: two networks; in each step a fair coin decides which one learns and
   * which one is the target, as in the original code. `polyak`: a moving average of the weights. `copy`: a copy of the weights
   * that is renewed every `copyEvery` updates. With `polyak` and `copy` all updates go to one network. Default: `coin`.
   */
  target: 'coin' | 'polyak' | 'copy';
  /** Step size of the moving average (`polyak` only). Higher: follows faster, less stable. Default: 0.01. */
  tau: number;
  /** Number of updates between two copies (`copy` only). Higher: more stable, lags more. Default: 500. */
  copyEvery: number;
  /** Whether to apply dropout when computing TD targets, as in the original code. Default: true. */
  targetDropout: boolean;
  /**
   * Weight of the conservative penalty of CQL; 0 disables it, 0.1 is common. The penalty is logsumexp_b Q(s,b) - Q(s,a) (CQL(H),
   * Kumar et al., NeurIPS 2020). Higher: lowers the values of actions that were not logged further. Default: 0.
   */
  cqlWeight: number;
  /**
   * Threshold of the filter of discrete BCQ (as in SOAC): the next action must have at least this fraction of the maximum
   * probability of the supervised head. 0 disables the filter; SOAC uses 0.25. Higher: stays closer to the log. Default: 0.
   */
  bcqThreshold: number;
  /** The head whose scores rank items. Default: `supervised`. */
  rankingHead: 'supervised' | 'q';
  /** Learning rate of Adam; the papers use 0.01 and 0.005. Higher learns faster until it diverges. Default: 0.001. */
  lr: number;
}

/** Defaults and checks of `QOptions`. */
export const qSchema: OptionsSchema<QOptions> = {
  ...supervisedLossSchema,
  gamma: option(share, 0.5),
  tdWeight: option(finite(0), 1),
  target: option(oneOf('coin', 'polyak', 'copy'), 'coin'),
  tau: option(share, 0.01),
  copyEvery: option(whole(1), 500),
  targetDropout: option(flag, true),
  cqlWeight: option(finite(0), 0),
  bcqThreshold: option(share, 0),
  rankingHead: option(oneOf('supervised', 'q'), 'supervised'),
  lr: option(finite(0), 0.001),
};

/** Bounds of the weights of an actor phase, for agents that have one. */
export type WeightClip = readonly [low: number, high: number] | null;

export const weightClip: Check<WeightClip> = custom(
  (given) =>
    given === null ||
    (Array.isArray(given) && given.length === 2 && given.every(Number.isFinite) && given[0] <= given[1]),
  'must be null or two finite numbers, low <= high.',
  'For instance [0, 10]; null for no bounds.',
);

/** Length of a first phase: at least `least` updates, or early stopping. */
export function warmup(least: 0 | 1): Check<number | 'early-stopping'> {
  return custom(
    (given) => given === 'early-stopping' || (Number.isInteger(given) && (given as number) >= least),
    `must be a whole number of updates of at least ${least}, or "early-stopping".`,
  );
}
