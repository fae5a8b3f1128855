import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import type { Encoder, Histories, Mode } from '../types.ts';

/**
 * States [B, L, H] after each event, out of an encoder that gives the last state only: every prefix of a history is
 * encoded as a history of its own, which costs L passes.
 */
export function encodePrefixes(
  encode: Encoder['encode'],
  params: Tensors,
  { items, length }: Histories,
  mode: Mode,
): tf.Tensor3D {
  const [rows, window] = items.shape as [number, number];
  const repeated = tf.tile(items.expandDims(1), [1, window, 1]).reshape([rows * window, window]);
  const ends = tf.range(1, window + 1, 1, 'int32').expandDims(0);
  const lengths = tf.minimum(ends, length.expandDims(1)).reshape([rows * window]);
  const states = encode(params, { items: repeated, length: lengths }, mode);
  return states.reshape([rows, window, states.shape[1]!]) as tf.Tensor3D;
}
