import {
  type Check,
  custom,
  isObject,
  type OptionsSchema,
  oneOf,
  option,
  positive,
  reference,
  seed,
  whole,
} from '@lea/core';
import type { Bounds } from './bernstein.ts';
import type { BanditEstimator } from './columns.ts';
import type { ActionValues } from './reward-model.ts';
import type { SequenceEstimator } from './sequence-columns.ts';
import { categoriesCheck, limitsSchema, type SupportLimits } from './support.ts';

/** Options that all estimates share. */
export interface EstimateOptions extends SupportLimits {
  /**
   * The reward model or fitted Q of `dm` and the doubly robust estimators, which need it. A difference of two policies may have a
   * pair, one for each policy. Default: none.
   */
  readonly model: ActionValues | readonly [ActionValues, ActionValues] | undefined;
  /**
   * `bootstrap` resamples clusters; `bernstein` holds for every sample size, but is much wider and needs `bounds`. The bootstrap
   * suits every estimator, and is too narrow with fewer than about 20 clusters. The empirical Bernstein interval also needs
   * independent rounds. Default: `bootstrap`.
   */
  readonly interval: 'bootstrap' | 'bernstein';
  /** Confidence level of the interval. Default: 0.95. */
  readonly confidence: number;
  /** Number of bootstrap resamples. More: steadier bounds, more time. Default: 1000. */
  readonly resamples: number;
  /** Seed of the bootstrap. Default: 0. */
  readonly seed: number;
  /** Bounds of weights and rewards for `bernstein`, which is wider the larger they are. Default: none. */
  readonly bounds: Bounds | undefined;
  /**
   * Where the log cannot answer, `refuse` throws the reasons and `estimate` returns the number with the reasons beside it; see
   * `describeSupport`. Default: `refuse`.
   */
  readonly unsupported: 'refuse' | 'estimate';
}

/** Options of {@link offPolicyValue} and {@link offPolicyDifference}. */
export interface OffPolicyValueOptions extends EstimateOptions {
  /**
   * By weights (`ips`, `snips`, `cips`), a model (`dm`), both (`dr`, `sndr`, `switch-dr`) or categories (`mips`, `snmips`).
   * Default: `snips`.
   */
  readonly estimator: BanditEstimator;
  /**
   * `cips` cuts larger weights to it, `switch-dr` leaves rounds with a larger weight to the model. Lower: less variance, more
   * bias. Default: 10.
   */
  readonly clip: number;
  /** [actions] category of each action, for `mips` and `snmips`, which need them and `behavior`. Default: none. */
  readonly categories: ArrayLike<number> | undefined;
}

/** Options of {@link sequenceValue} and {@link sequenceDifference}. */
export interface SequenceValueOptions extends EstimateOptions {
  /** By weights of visits (`tis`, `sntis`) or steps (`pdis`, `snpdis`), a model (`dm`), or both (`dr`, `sndr`). Default: `snpdis`. */
  readonly estimator: SequenceEstimator;
}

const isModel = (value: unknown): boolean => isObject(value) && typeof value.values === 'function';
const isBounds = (value: unknown): boolean =>
  isObject(value) &&
  Number.isFinite(value.weight) &&
  Array.isArray(value.reward) &&
  value.reward.length === 2 &&
  value.reward[0] <= value.reward[1] &&
  value.reward.every(Number.isFinite);
const confidence: Check<number> = custom(
  (given) => typeof given === 'number' && given > 0 && given < 1,
  'must be between 0 and 1.',
);
const model = reference<ActionValues | readonly [ActionValues, ActionValues]>(
  (given) => isModel(given) || (Array.isArray(given) && given.length === 2 && given.every(isModel)),
  'must be a model with the function values, or a pair of them.',
  'Make one with fitRewards or fittedQ, and await it.',
);

/** Defaults and checks of {@link EstimateOptions}. */
export const estimateSchema: OptionsSchema<EstimateOptions> = {
  ...limitsSchema,
  model: option(model, undefined),
  interval: option(oneOf('bootstrap', 'bernstein'), 'bootstrap'),
  confidence: option(confidence, 0.95),
  resamples: option(whole(1), 1000),
  seed: option(seed, 0),
  bounds: option(custom<Bounds>(isBounds, 'must be { weight, reward: [low, high] }, all finite.'), undefined),
  unsupported: option(oneOf('refuse', 'estimate'), 'refuse'),
};

/** Defaults and checks of {@link OffPolicyValueOptions}. */
export const offPolicyValueSchema: OptionsSchema<OffPolicyValueOptions> = {
  ...estimateSchema,
  estimator: option(oneOf('ips', 'snips', 'cips', 'dm', 'dr', 'sndr', 'switch-dr', 'mips', 'snmips'), 'snips'),
  clip: option(positive, 10),
  categories: option(categoriesCheck, undefined),
};

/** Defaults and checks of {@link SequenceValueOptions}. */
export const sequenceValueSchema: OptionsSchema<SequenceValueOptions> = {
  ...estimateSchema,
  estimator: option(oneOf('tis', 'sntis', 'pdis', 'snpdis', 'dm', 'dr', 'sndr'), 'snpdis'),
};
