import { float32, int32, type Values } from '@lea/tensor';
import type { RewardCalibration } from '../inference/reward-calibration.ts';

/** What the environment says of every row of a set, in memory. */
export interface Annotation extends AnnotationColumns {
  readonly rows: number;
  readonly k: number;
  /** Mean and standard deviation of the logged actions' rewards over all rows: what rewards are standardised with. */
  readonly rewardMean: number;
  readonly rewardStd: number;
  /** What makes probabilities of the rewards, of an environment that was fitted with validation. */
  readonly calibration?: RewardCalibration;
  readonly hash: string;
  /** `rowsHash` (@lea/data) of the rows it is about. */
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
  const rewardMean = reward.reduce((a, b) => a + b, 0) / reward.length;
  const rewardStd = Math.sqrt(reward.reduce((a, b) => a + (b - rewardMean) ** 2, 0) / reward.length);
  return { rewardMean, rewardStd };
}

/** Columns of some rows, to be filled. @param stateSize 0 leaves states out */
export function emptyColumns(rows: number, k: number, stateSize: number): AnnotationColumns {
  return {
    ...(stateSize > 0 && { state: new Float32Array(rows * stateSize) }),
    reward: new Float32Array(rows),
    positives: new Int32Array(rows * k),
    logits: new Float32Array(rows * k),
    positiveRewards: new Float32Array(rows * k),
  };
}

/** The columns as tensors, for a file. */
export function columnValues(columns: AnnotationColumns): Values {
  const rows = columns.reward.length;
  const entries = Object.entries(columns) as [string, Float32Array | Int32Array][];
  return Object.fromEntries(
    entries.map(([name, data]) => {
      const shape = name === 'reward' ? [rows] : [rows, data.length / rows];
      return [name, data instanceof Int32Array ? int32(data, shape) : float32(data, shape)];
    }),
  );
}

/** Copies rows `from`..`to - 1` of a shard to row `at` of the columns. */
export function copyRows(into: AnnotationColumns, at: number, shard: Values, from: number, to: number): void {
  for (const [name, data] of Object.entries(into) as [string, Float32Array | Int32Array][]) {
    const width = data.length / into.reward.length;
    data.set(shard[name]!.data.subarray(from * width, to * width), at * width);
  }
}
