import { LeaError, show } from '@lea/core';
import { checkChoices, checkRanges } from '../checks.ts';

/** How losses cover the catalog: all items, or sampled items. */
export interface SupervisedLossOptions {
  /**
   * The supervised loss. `softmax`: cross-entropy over all items. `sampled-softmax`: over the logged item and the sampled
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

/** Default values of `SupervisedLossOptions`. */
export const supervisedLossDefaults: SupervisedLossOptions = {
  loss: 'softmax',
  sampledItems: 256,
  samplingPower: 0,
  calibration: 0,
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
   * Weight of the conservative penalty logsumexp_b Q(s,b) - Q(s,a) (CQL(H), Kumar et al., NeurIPS 2020); 0 disables it, 0.1 is
   * common. Higher: lowers the values of actions that were not logged further. Default: 0.
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

/** Default values of `QOptions`. */
export const qDefaults: QOptions = {
  ...supervisedLossDefaults,
  gamma: 0.5,
  tdWeight: 1,
  target: 'coin',
  tau: 0.01,
  copyEvery: 500,
  targetDropout: true,
  cqlWeight: 0,
  bcqThreshold: 0,
  rankingHead: 'supervised',
  lr: 0.001,
};

/** Checks the values of `SupervisedLossOptions` and `lr`. @throws LeaError `E_OPTION_VALUE` */
export function checkSupervisedLoss(type: string, options: SupervisedLossOptions & { lr: number }): void {
  checkChoices(type, options, { loss: ['softmax', 'sampled-softmax', 'gbce'] });
  checkRanges(type, options, {
    sampledItems: [1, Infinity, 'whole'],
    samplingPower: [0, 2],
    calibration: [0, 1],
    lr: [0, Number.MAX_VALUE],
  });
}

/** Checks the values of `QOptions`. @throws LeaError `E_OPTION_VALUE` */
export function checkQ(type: string, options: QOptions): void {
  checkSupervisedLoss(type, options);
  checkRanges(type, options, {
    gamma: [0, 1],
    tdWeight: [0, Number.MAX_VALUE],
    tau: [0, 1],
    copyEvery: [1, Infinity, 'whole'],
    cqlWeight: [0, Number.MAX_VALUE],
    bcqThreshold: [0, 1],
  });
  checkChoices(type, options, {
    target: ['coin', 'polyak', 'copy'],
    targetDropout: [true, false],
    rankingHead: ['supervised', 'q'],
  });
}

/** Bounds of the weights of an actor phase, for agents that have one. */
export type WeightClip = readonly [low: number, high: number] | null;

/** @throws LeaError `E_OPTION_VALUE` */
export function checkWeightClip(type: string, { weightClip: clip }: { weightClip: WeightClip }): void {
  const isInterval =
    Array.isArray(clip) && clip.length === 2 && clip.every(Number.isFinite) && (clip[0] as number) <= clip[1]!;
  if (clip === null || isInterval) return;
  throw new LeaError('E_OPTION_VALUE', `${type}: weightClip must be null or two finite numbers, low <= high.`, {
    value: Array.isArray(clip) ? clip.map(show).join(', ') : clip,
    hint: 'For instance [0, 10]; null for no bounds.',
  });
}

/**
 * Checks the length of a first phase: a number of updates, or `early-stopping`.
 *
 * @param least minimum number of updates
 * @throws LeaError `E_OPTION_VALUE`
 */
export function checkWarmup(type: string, { warmup }: { warmup: number | 'early-stopping' }, least: 0 | 1): void {
  if (warmup === 'early-stopping' || (Number.isInteger(warmup) && warmup >= least)) return;
  throw new LeaError(
    'E_OPTION_VALUE',
    `${type}: warmup must be a whole number of updates of at least ${least}, or "early-stopping".`,
    { value: warmup },
  );
}
