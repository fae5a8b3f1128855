import { randomUniform, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/** The environment's positive actions drawn for a step, [B, M] each. */
export interface AugmentedActions {
  /** int32 item indices. */
  readonly actions: tf.Tensor2D;
  /** Rewards that the environment assigns to them. */
  readonly rewards: tf.Tensor2D;
  /** 0 if the row has no positive action with a positive weight, else 1. */
  readonly kept: tf.Tensor2D;
}

/**
 * Draws `count` of each row's positive actions with replacement, in proportion to their weights (the inverse of the
 * cumulative weights), so the mean over the draws estimates the weighted mean over all positive actions.
 *
 * @param batch `targets`, `targetWeights` and `targetRewards` [B, k]
 * @returns undefined if the batch has no rewards of positive actions or `count` is 0
 */
export function augmentedActions(
  { targets, targetWeights, targetRewards }: Tensors,
  key: tf.Tensor,
  count: number,
): AugmentedActions | undefined {
  if (count === 0 || !targets || !targetWeights || !targetRewards) return undefined;
  const [rows, k] = targets.shape as [number, number];
  const upTo = tf.cumsum(targetWeights, 1);
  const total = tf.slice(upTo as tf.Tensor2D, [0, k - 1], [rows, 1]);
  const draws = tf.mul(randomUniform(key, 'augmented', [rows, count]), total);
  const passed = tf.cast(
    tf.sum(tf.cast(tf.lessEqual(tf.expandDims(upTo, 1), tf.expandDims(draws, 2)), 'float32'), 2),
    'int32',
  );
  // All weights are passed if their sum is 0, or if rounding raises a draw to the sum.
  const slot = tf.minimum(passed, tf.scalar(k - 1, 'int32'));
  const flat = tf.reshape(tf.add(slot, tf.expandDims(tf.range(0, rows * k, k, 'int32'), 1)), [rows * count]);
  const drawn = (x: tf.Tensor) => tf.reshape(tf.gather(tf.reshape(x, [rows * k]), flat as tf.Tensor1D), [rows, count]);
  return {
    actions: drawn(targets) as tf.Tensor2D,
    rewards: drawn(targetRewards) as tf.Tensor2D,
    kept: tf.cast(tf.greater(drawn(targetWeights), tf.scalar(0)), 'float32') as tf.Tensor2D,
  };
}
