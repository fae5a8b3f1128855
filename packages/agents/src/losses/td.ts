import * as tf from '@tensorflow/tfjs-core';

/** [B] TD target of logged actions: r + gamma (1 - done) * next. */
export function loggedTarget(reward: tf.Tensor, done: tf.Tensor, next: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(reward, tf.mul(tf.mul(tf.sub(tf.scalar(1), done), next), tf.scalar(gamma)));
}

/**
 * TD target of negative actions: reward + gamma * current. They leave the state unchanged, so the target bootstraps from the
 * current state, regardless of the end of the sequence.
 */
export function negativeTarget(reward: number, current: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(tf.mul(current, tf.scalar(gamma)), tf.scalar(reward));
}

/**
 * TD target of actions that the environment proposes: r + gamma * next. It ignores the end of the logged sequence, which says
 * only that nothing was logged after the logged action, not that nothing would follow a different action.
 *
 * @param reward [B, M] @param next [B, M], or [B, 1] for all actions of a row
 */
export function augmentedTarget(reward: tf.Tensor, next: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(reward, tf.mul(next, tf.scalar(gamma)));
}

/** 1/2 (target - value)^2, elementwise. */
export function halfSquare(target: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.mul(tf.square(tf.sub(target, value)), tf.scalar(0.5));
}
