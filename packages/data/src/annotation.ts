import { checkNumbers, deviation, LeaError, mean } from '@lea/core';
import type { RewardCalibration } from './reward-model.ts';
import type { Transitions } from './sequences.ts';

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
  readonly state?: Float32Array | undefined;
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

/** Positive actions per row, where no other number is asked for. */
const POSITIVES = 20;

/**
 * The number of positive actions per row of an annotation: `k`, or by default 20 or as many as every row has. A row has all items
 * but its own one and, with `excludeSeen`, those of the newest `window` items before it.
 *
 * @throws LeaError `E_OPTION_VALUE` if a row has fewer
 */
export function positivesPerRow(
  where: string,
  set: Transitions,
  options: { readonly k: number | undefined; readonly window: number; readonly excludeSeen: boolean },
): number {
  const { k } = options;
  const most = fewestOthers(set, options);
  if (most >= 1 && (k ?? 1) <= most) return k ?? Math.min(POSITIVES, most);
  throw new LeaError('E_OPTION_VALUE', `${where}: k must be a whole number from 1 to ${most}.`, {
    value: k ?? 1,
    hint: `Not every row has more items besides its own one${options.excludeSeen ? ' and those that it has seen' : ''}.`,
  });
}

function fewestOthers(
  { sequences, event, sequence, count }: Transitions,
  { window, excludeSeen }: { readonly window: number; readonly excludeSeen: boolean },
): number {
  const { items, offsets, itemIds } = sequences;
  let excluded = 1;
  for (let row = 0; excludeSeen && row < count; row++) {
    const at = event[row]!;
    const start = Math.max(offsets[sequence[row]!]!, at - window);
    excluded = Math.max(excluded, new Set(items.subarray(start, at + 1)).size);
  }
  return itemIds.length - excluded;
}
