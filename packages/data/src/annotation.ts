import { checkNumbers, deviation, mean } from '@lea/core';
import type { RewardCalibration } from './reward-model.ts';

/** The signals of an environment for every row of a set, in memory. */
export interface Annotation extends AnnotationColumns {
  readonly rows: number;
  readonly k: number;
  /** Mean and standard deviation of the logged actions' rewards over all rows: what rewards are standardized with. */
  readonly rewardMean: number;
  readonly rewardStd: number;
  /** Converts rewards to probabilities; exists if the environment was fitted with validation. */
  readonly calibration?: RewardCalibration;
  readonly hash: string;
  /** `rowsHash` of the rows it is about. */
  readonly rowsHash?: string;
}

export interface AnnotationColumns {
  /** [rows, stateSize] where asked for. */
  readonly state?: Float32Array;
  /** [rows] raw reward of the logged action. */
  readonly reward: Float32Array;
  /** [rows, k] the best items by the rule of the options, best first; never the logged action. */
  readonly positives: Int32Array;
  /** [rows, k] their state logits. */
  readonly logits: Float32Array;
  /** [rows, k] their raw rewards. */
  readonly positiveRewards: Float32Array;
}

/** Mean and standard deviation of logged actions' rewards. */
export function rewardStatistics(reward: Float32Array): Pick<Annotation, 'rewardMean' | 'rewardStd'> {
  checkNumbers('rewardStatistics', { reward });
  return { rewardMean: mean(reward), rewardStd: deviation(reward) };
}
