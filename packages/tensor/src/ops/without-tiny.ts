import * as tf from '@tensorflow/tfjs';
import { emit, isRecording } from '../recorder/emit.ts';

/** Gradients below say nothing beside others, and products of them are denormal. */
const TINY = 1e-30;

/**
 * A gradient with zeros for its tiny numbers, NaN as it is. Far out in the tails of exponential functions gradients become
 * denormal numbers, with which processors are many times slower: a product of matrices takes nine times as long.
 */
export function withoutTiny(x: tf.Tensor): tf.Tensor {
  const tiny = tf.abs(x).less(TINY);
  return isRecording() ? emit('Where', [tiny, tf.scalar(0), x], [x.shape])[0]! : tf.where(tiny, tf.zerosLike(x), x);
}
