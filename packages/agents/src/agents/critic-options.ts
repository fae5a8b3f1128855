import type { Given } from '@lea/core';
import type { GuidanceOptions } from './guidance.ts';
import type { QOptions } from './options.ts';

/** Options for negative actions. */
export interface NegativeOptions {
  /**
   * Number of negative actions per row and step; about 10 is best in the paper. More: more stable values, slower.
   * Default: 10.
   */
  negatives: number;
  /** Reward of negative actions; -0.5 to -2 made little difference in the paper. Lower: unlogged actions get lower values. Default: 0. */
  negativeReward: number;
}

/** The options that `critic` reads. Without `negatives` or `augmentedActions` these terms are left out. */
export interface CriticOptions extends QOptions, Given<NegativeOptions>, Given<GuidanceOptions> {
  /** Temperature of the conservative penalty. Default: 1. */
  readonly cqlTemperature?: number | undefined;
}
