import { LeaError, show } from '@lea/core';
import { checkChoices, checkRanges } from '../checks.ts';

/** How losses see the catalogue: all of it, or items sampled for it. */
export interface CatalogueOptions {
  /**
   * The supervised loss. `softmax` (default): cross entropy over all items. `sampled-softmax`: over the logged item and the
   * step's candidates, logits corrected by the log of the sampling distribution. `gbce`: binary cross entropy of the logged
   * item and the candidates, calibrated (Petrov, Macdonald, RecSys 2023). With the sampled ones the Q side reads only the
   * candidates as well, and the cost of a step no longer grows with the catalogue.
   */
  loss: 'softmax' | 'sampled-softmax' | 'gbce';
  /** Items drawn per step and shared by its rows; sampled losses only. Default 256. More: closer to the whole catalogue, dearer. */
  candidates: number;
  /** They are drawn in proportion to (1 + count)^samplingPower. Default 0, uniform; 1: by popularity, harder candidates. */
  samplingPower: number;
  /**
   * `gbce` only: 0 (default) is plain binary cross entropy with negatives, overconfident; 1 calibrates fully. The paper has
   * 0.75; higher makes the positives weigh less, so that on small logs training stays at popularity for long.
   */
  calibration: number;
}

export const catalogueDefaults: CatalogueOptions = {
  loss: 'softmax',
  candidates: 256,
  samplingPower: 0,
  calibration: 0,
};

/** The options that agents with a Q head share. */
export interface QOptions extends CatalogueOptions {
  /** Discount. Default 0.5; the papers found about 0.5 best, worse at 0 and near 1. Higher looks further and diverges sooner. */
  gamma: number;
  /** Weight of the TD terms against the cross entropy. Default 1; 2 undoes the 1/2 of the square. */
  tdWeight: number;
  /**
   * Who values the next action. `coin` (default, the lineage): two networks, a fair coin per step says which one learns and
   * which one values. `polyak`: one network, valued by a moving average of its weights. `copy`: one network, valued by a
   * copy renewed every `copyEvery` updates. With one network every update counts.
   */
  target: 'coin' | 'polyak' | 'copy';
  /** Step of the moving average (`polyak` only). Default 0.01. Higher follows faster and is less steady. */
  tau: number;
  /** Updates between two copies (`copy` only). Default 500. Higher is steadier and lags more. */
  copyEvery: number;
  /** Dropout in the passes that make TD targets, as in the lineage. Default true. */
  targetDropout: boolean;
  /**
   * Weight of the conservative penalty logsumexp_b Q(s,b) - Q(s,a) (CQL(H), Kumar et al., NeurIPS 2020). Default 0, off; 0.1
   * is usual. Higher pushes the values of actions that were not logged further down.
   */
  cql: number;
  /**
   * Discrete BCQ's filter (as in SOAC): the action that values the next state must have at least this share of the
   * probability that the supervised head gives its favourite. Default 0, off; 0.25 is SOAC's. Higher stays closer to the log.
   */
  bcq: number;
  /** The head whose scores rank items. Default `supervised`. */
  rankingHead: 'supervised' | 'q';
  /** Learning rate of Adam. Default 0.001 (the papers: 0.01 and 0.005). Higher learns faster, then diverges. */
  lr: number;
}

export const qDefaults: QOptions = {
  ...catalogueDefaults,
  gamma: 0.5,
  tdWeight: 1,
  target: 'coin',
  tau: 0.01,
  copyEvery: 500,
  targetDropout: true,
  cql: 0,
  bcq: 0,
  rankingHead: 'supervised',
  lr: 0.001,
};

/** @throws LeaError `E_OPTION_VALUE` */
export function checkCatalogue(type: string, options: CatalogueOptions & { lr: number }): void {
  checkChoices(type, options, { loss: ['softmax', 'sampled-softmax', 'gbce'] });
  checkRanges(type, options, {
    candidates: [1, Infinity, 'whole'],
    samplingPower: [0, 2],
    calibration: [0, 1],
    lr: [0, Number.MAX_VALUE],
  });
}

/** @throws LeaError `E_OPTION_VALUE` */
export function checkQ(type: string, options: QOptions): void {
  checkCatalogue(type, options);
  checkRanges(type, options, {
    gamma: [0, 1],
    tdWeight: [0, Number.MAX_VALUE],
    tau: [0, 1],
    copyEvery: [1, Infinity, 'whole'],
    cql: [0, Number.MAX_VALUE],
    bcq: [0, 1],
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
 * The length of a first phase: whole updates, or until validation stops improving.
 *
 * @param least updates at least
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
