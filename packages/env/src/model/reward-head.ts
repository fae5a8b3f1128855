import { attention, gelu, linear, rmsNorm, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EnvironmentConfig } from './config.ts';

/**
 * The score head: each candidate attends to the states of its history, then an MLP sees what it found, the candidate,
 * the newest state and their product. Candidates see no other candidate, so many cost one pass over the history.
 *
 * @param head the parameters of one head, without the beginning of their names
 * @param states [B, T, width]
 * @param current [B, P, width] the newest states that are asked about
 * @param candidates [B, Q, width] rows of the item table, or states of the candidates' last words: one for each of the P
 *   states, then another for each, ...
 * @param mask [B, 1, Q, T] 0 where a candidate may look, -1e9 elsewhere
 * @returns rewards [B, Q]
 */
export function rewardsOf(
  head: Tensors,
  config: EnvironmentConfig,
  { states, current, candidates, mask }: Record<'states' | 'current' | 'candidates' | 'mask', tf.Tensor>,
  drop: (x: tf.Tensor) => tf.Tensor = (x) => x,
): tf.Tensor {
  const [B, T, D] = states.shape as [number, number, number];
  const Q = candidates.shape[1]!;
  const P = current!.shape[1]!;
  const { heads, normEps } = config.decoder;
  const size = D / heads;
  const split = (x: tf.Tensor, n: number): tf.Tensor => tf.transpose(tf.reshape(x, [B, n, heads, size]), [0, 2, 1, 3]);
  const c = rmsNorm(candidates, head['norm.weight']!, normEps);
  const q = split(linear(c, head['query.weight']!), Q);
  const k = split(linear(states, head['key.weight']!), T);
  const v = split(linear(states, head['value.weight']!), T);
  const found = tf.reshape(tf.transpose(attention(q, k, v, mask, 1 / Math.sqrt(size)), [0, 2, 1, 3]), [B, Q, D]);
  // linear([found, c, current, c * current]) without copies of what candidates share.
  const both = tf.mul(tf.reshape(c, [B, Q / P, P, D]), tf.reshape(current, [B, 1, P, D]));
  const [own, shared, joint] = tf.split(head['hidden.weight']!, [2 * D, D, D], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const each = tf.add(
    linear(tf.concat([found, c], 2), own, head['hidden.bias']!),
    tf.reshape(linear(both, joint), [B, Q, 2 * D]),
  );
  const asked = tf.add(tf.reshape(each, [B, Q / P, P, 2 * D]), tf.reshape(linear(current, shared), [B, 1, P, 2 * D]));
  const hidden = drop(gelu(tf.reshape(asked, [B, Q, 2 * D])));
  return tf.reshape(linear(hidden, head['score.weight']!), [B, Q]);
}
