import { attention, gelu, linear, rmsNorm, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EnvironmentConfig } from './config.ts';

/**
 * The reward head: each candidate attends to the states of its history, then an MLP reads the attention output, the
 * candidate, the newest state and the product of these two. Candidates do not attend to each other, so any number of them
 * needs only one pass over the history.
 *
 * @param head parameters of one head, without their prefix
 * @param inputs `states` [B, T, width]; `current` [B, P, width], the newest state of each of P queries; `candidates`
 *   [B, Q, width], item vectors or states of the candidates' last tokens: one for each query, then another for each, ...;
 *   `mask` [B, 1, Q, T], 0 where a candidate may attend, -1e9 elsewhere
 * @param drop dropout of the hidden layer (default: none)
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
  const { normEps } = config.decoder;
  const { heads } = config.connector ?? config.decoder;
  const size = D / heads;
  const split = (x: tf.Tensor, n: number): tf.Tensor => tf.transpose(tf.reshape(x, [B, n, heads, size]), [0, 2, 1, 3]);
  const c = rmsNorm(candidates, head['norm.weight']!, normEps);
  const q = split(linear(c, head['query.weight']!), Q);
  const k = split(linear(states, head['key.weight']!), T);
  const v = split(linear(states, head['value.weight']!), T);
  const found = tf.reshape(tf.transpose(attention(q, k, v, mask, 1 / Math.sqrt(size)), [0, 2, 1, 3]), [B, Q, D]);
  // linear([found, c, current, c * current]) without copies of the shared parts.
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
