import * as tf from '@tensorflow/tfjs-core';

/** Gradients below say nothing beside others, and products of them are denormal. */
const TINY = 1e-30;

/**
 * A gradient with zeros for its tiny numbers; NaN stays, and what is 1e-22 or more keeps every bit. Far out in the tails of
 * exponential functions gradients become denormal numbers, with which processors are many times slower: a product of
 * matrices takes nine times as long.
 */
export function withoutTiny(x: tf.Tensor): tf.Tensor {
  return tf.sub(x, tf.clipByValue(x, -TINY, TINY));
}
