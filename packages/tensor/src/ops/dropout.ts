import { LeaError } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { sizeOf } from '../values.ts';
import { keyedBits } from './random.ts';

/**
 * Inverted dropout (Srivastava et al., 2014): every element is zeroed with probability `rate`, and the others are divided by
 * 1 - rate. The mask is a pure function of key and label, with the same bits on every backend.
 *
 * @param rate in [0, 1), rounded to a multiple of 2^-16; 0 returns `x` itself. Higher rates regularize more.
 * @param key int32 [2]
 * @param label identifies this place in the program; two places with the same label share their mask
 * @throws LeaError `E_RANGE`
 */
export function dropout(x: tf.Tensor, rate: number, key: tf.Tensor, label: string): tf.Tensor {
  checkTensors('dropout', { x, key });
  if (!(typeof rate === 'number' && rate >= 0 && rate < 1))
    throw new LeaError('E_RANGE', 'The dropout rate must be at least 0 and below 1.', { value: rate });
  if (rate === 0) return x;
  return withGradient([x], () => {
    const mask = dropoutMask(x.shape, rate, key, label);
    return { value: tf.mul(x, mask), saved: [mask], gradients: (dy, [mask]) => [() => tf.mul(dy, mask!)] };
  });
}

function dropoutMask(shape: number[], rate: number, key: tf.Tensor, label: string): tf.Tensor {
  const size = sizeOf(shape);
  // One 32-bit word gives the mask of two elements: compare the word itself (upper half), and the word shifted (lower half).
  const words = keyedBits(key, label, Math.ceil(size / 2));
  const threshold = tf.scalar(Math.round(rate * 2 ** 16) * 2 ** 16 - 2 ** 31, 'int32');
  const halves = [words, tf.mul(words, tf.scalar(2 ** 16, 'int32'))].map((half) => tf.greaterEqual(half, threshold));
  const keep = tf.mul(tf.concat(halves.map((half) => tf.cast(half, 'float32'))), 1 / (1 - rate));
  return tf.reshape(tf.slice(keep, 0, size), shape);
}
