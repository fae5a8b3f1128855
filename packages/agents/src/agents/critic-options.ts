import type { GuidanceOptions } from './guidance.ts';
import type { QOptions } from './options.ts';

export interface NegativeOptions {
  /** Draws per row. */
  readonly negatives: number;
  readonly negativeReward: number;
}

/** What the Q side reads of an agent's options: negatives learn when there are some, augmented actions when asked for. */
export interface CriticOptions extends QOptions, Partial<NegativeOptions>, Partial<GuidanceOptions> {
  /** Temperature of the conservative penalty. Default 1. */
  readonly cqlTemperature?: number;
}
