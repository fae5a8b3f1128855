import * as tf from '@tensorflow/tfjs-core';

/** TD target of logged actions [B]: r + gamma (1 - done) * next. */
export function loggedTarget(reward: tf.Tensor, done: tf.Tensor, next: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(reward, tf.mul(tf.mul(tf.sub(tf.scalar(1), done), next), tf.scalar(gamma)));
}

/**
 * TD target of actions not taken: they leave the state unchanged, so it bootstraps at the current state and the end of
 * the sequence does not matter.
 */
export function negativeTarget(reward: number, current: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(tf.mul(current, tf.scalar(gamma)), tf.scalar(reward));
}

/**
 * TD target of actions that the environment proposes: r + gamma * next. The end of the logged sequence does not cut it:
 * it says that nothing was logged after the logged action, not that nothing would follow another one.
 *
 * @param reward [B, M] @param next [B, M], or [B, 1] for all of a row
 */
export function augmentedTarget(reward: tf.Tensor, next: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(reward, tf.mul(next, tf.scalar(gamma)));
}

/** 1/2 (target - value)^2, elementwise. */
export function halfSquare(target: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.mul(tf.square(tf.sub(target, value)), tf.scalar(0.5));
}
