import type { GuidanceOptions } from './guidance.ts';
import type { QOptions } from './options.ts';

/** Options for negative actions. */
export interface NegativeOptions {
  /** Number of negative actions per row. */
  readonly negatives: number;
  /** Their reward. */
  readonly negativeReward: number;
}

/** The options that `critic` reads. Without `negatives` or `augmentedActions` these terms are left out. */
export interface CriticOptions extends QOptions, Partial<NegativeOptions>, Partial<GuidanceOptions> {
  /** Temperature of the conservative penalty. Default: 1. */
  readonly cqlTemperature?: number;
}
