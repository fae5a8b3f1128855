import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { Encoder, Histories, Mode } from '../types.ts';

/**
 * States [B, L, H] after each event, for an encoder that computes only the last state: every prefix of a history is encoded
 * separately, which costs L passes.
 */
export function encodePrefixes(
  encode: Encoder['encode'],
  params: Tensors,
  { items, length }: Histories,
  mode: Mode,
): tf.Tensor3D {
  const [rows, window] = items.shape as [number, number];
  const repeated = tf.reshape(tf.tile(tf.expandDims(items, 1), [1, window, 1]), [rows * window, window]);
  const ends = tf.expandDims(tf.range(1, window + 1, 1, 'int32'), 0);
  const lengths = tf.reshape(tf.minimum(ends, tf.expandDims(length, 1)), [rows * window]);
  const states = encode(params, { items: repeated, length: lengths }, mode);
  return tf.reshape(states, [rows, window, states.shape[1]!]) as tf.Tensor3D;
}
