import { checkNumbers, deviation, mean } from '@lea/core';
import type { RewardCalibration } from './reward-model.ts';

/** The signals of an environment for every row of a set, in memory. */
export interface Annotation extends AnnotationColumns {
  /** Number of rows. */
  readonly rows: number;
  /** Number of positives per row. */
  readonly k: number;
  /** Mean of the logged actions' rewards over all rows, by which rewards are standardized. */
  readonly rewardMean: number;
  /** Standard deviation of the logged actions' rewards over all rows. */
  readonly rewardStd: number;
  /** Converts rewards to probabilities; exists if the environment was fitted with validation. */
  readonly calibration?: RewardCalibration;
  /** Hash of the environment, the rows and the options. */
  readonly hash: string;
  /** `rowsHash` of the rows it is about. */
  readonly rowsHash?: string;
}

/** The columns of an annotation, one entry or row of entries for every row of the set. */
export interface AnnotationColumns {
  /** [rows, stateSize] states of the histories, if requested. */
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
