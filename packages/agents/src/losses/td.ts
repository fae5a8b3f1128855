import { stopGradient, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { greedy, head, valuesOf } from '../heads.ts';
import type { Encoder, Histories, Mode } from '../types.ts';

/**
 * Double-Q bootstrap values [B]: Q'(s, argmax_b Q(s, b)), the learning network selects, the target network values, each
 * in a pass (and with a dropout mask) of its own. No gradient.
 */
export function doubleQ(
  encoder: Encoder,
  networks: { readonly params: Tensors; readonly target: Tensors },
  histories: Histories,
  modes: { readonly select: Mode; readonly value: Mode },
): tf.Tensor1D {
  const fixed = (params: Tensors) =>
    Object.fromEntries(Object.entries(params).map(([name, tensor]) => [name, stopGradient(tensor)]));
  const params = fixed(networks.params);
  const target = fixed(networks.target);
  const best = greedy(head(params, 'q', encoder.encode(params, histories, modes.select)));
  return valuesOf(head(target, 'q', encoder.encode(target, histories, modes.value)), best) as tf.Tensor1D;
}

/** TD target of logged actions [B]: r + gamma (1 - done) * next. */
export function loggedTarget(reward: tf.Tensor, done: tf.Tensor, next: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(reward, tf.mul(tf.mul(tf.sub(tf.scalar(1), done), next), tf.scalar(gamma)));
}

/**
 * TD target of actions not taken [B]: they leave the state unchanged, so it bootstraps at the current state and the end of
 * the sequence does not matter.
 */
export function negativeTarget(reward: number, current: tf.Tensor, gamma: number): tf.Tensor {
  return tf.add(tf.mul(current, tf.scalar(gamma)), tf.scalar(reward));
}

/** 1/2 (target - value)^2, elementwise. */
export function halfSquare(target: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.mul(tf.square(tf.sub(target, value)), tf.scalar(0.5));
}
