import type { Key } from '@lea/core';
import { embedding, linear, type Tensors, type Values, withOnes } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { filledValue, uniformValue } from './init.ts';
import type { Encoder, Shape } from './types.ts';

/**
 * A linear map from states to items. With a bias, the last column of the features is one and the last column of the weight is
 * the bias.
 */
export interface Head {
  /** [B, F] */
  readonly features: tf.Tensor;
  /** [N, F] */
  readonly weight: tf.Tensor;
}

/**
 * Initial `name.weight` [N, H+1]: Xavier-uniform, with the last column (bias) zero. An ensemble concatenates `heads` such
 * blocks by columns, [N, heads (H+1)], so that each item has a single row.
 */
export function initHead(key: Key, name: string, items: number, size: number, heads = 1): Values {
  const bound = Math.sqrt(6 / (items + size));
  const weight = uniformValue(key, `${name}.weight`, [items, heads * (size + 1)], bound);
  for (let i = size; i < weight.data.length; i += size + 1) weight.data[i] = 0;
  return { [`${name}.weight`]: weight };
}

/** Initial parameters of the supervised head: none if it is tied, only a bias [N, 1] if tied with bias. */
export function initSupervisedHead(key: Key, encoder: Encoder, shape: Shape): Values {
  if (encoder.tied === 'bias') return { 'ce.bias': filledValue([shape.items, 1], 0) };
  return encoder.tied ? {} : initHead(key, 'ce', shape.items, encoder.outputSize);
}

/** The untied head `name` (such as `q` or `ce`) at states [B, H]. */
export function head(params: Tensors, name: string, states: tf.Tensor): Head {
  return { features: withOnes(states), weight: params[`${name}.weight`]! };
}

/**
 * The Q head at states s [B, H]. With states e [B, E] of an environment the features are [s, W e, 1], where
 * W = `q.environment.weight` [H, E].
 */
export function criticHead(params: Tensors, states: tf.Tensor, environment?: tf.Tensor): Head {
  if (!environment) return head(params, 'q', states);
  return head(params, 'q', tf.concat([states, linear(environment, params['q.environment.weight']!)], 1));
}

/** The supervised head at states [B, H]; uses the item table if the encoder is tied. */
export function supervisedHead(encoder: Encoder, params: Tensors, states: tf.Tensor, text?: tf.Tensor): Head {
  if (!encoder.tied) return head(params, 'ce', states);
  const table = encoder.itemTable(params, text);
  if (encoder.tied !== 'bias') return { features: states, weight: table };
  return { features: withOnes(states), weight: tf.concat([table, params['ce.bias']! as tf.Tensor2D], 1) };
}

/** [B, N] values of all items. */
export function allValues({ features, weight }: Head): tf.Tensor2D {
  return tf.matMul(features as tf.Tensor2D, weight as tf.Tensor2D, false, true);
}

/** Values of all items [B, N], or of the candidates (int32 [K] or [B, K]) [B, K]. */
export function values(at: Head, candidates?: tf.Tensor): tf.Tensor2D {
  if (!candidates) return allValues(at);
  if (candidates.rank === 2) return valuesOf(at, candidates) as tf.Tensor2D;
  return allValues({ features: at.features, weight: embedding(at.weight, candidates) });
}

/**
 * The item with the highest value, int32 [B]; ties go to the first. No gradient.
 *
 * @param of the result of `values` for all items or for the candidates
 * @param allowed bool in the shape of `of`, at least one true per row; other items are not selected. Default: all
 */
export function greedy(of: tf.Tensor2D, candidates?: tf.Tensor, allowed?: tf.Tensor): tf.Tensor1D {
  const best = tf.argMax(
    allowed ? tf.where(allowed, of, tf.fill(of.shape, -1e30) as tf.Tensor2D) : of,
    1,
  ) as tf.Tensor1D;
  if (!candidates) return best;
  if (candidates.rank === 1) return tf.gather(candidates as tf.Tensor1D, best);
  const [rows, count] = candidates.shape as [number, number];
  return tf.gather(
    tf.reshape(candidates, [rows * count]) as tf.Tensor1D,
    tf.add(tf.range(0, rows * count, count, 'int32'), best),
  );
}

/** Values of given items: ids [B] -> [B], ids [B, K] -> [B, K]; reads only their rows of the weight. */
export function valuesOf({ features, weight }: Head, ids: tf.Tensor): tf.Tensor {
  const rows = embedding(weight, ids);
  return tf.sum(tf.mul(rows, ids.rank === 1 ? features : tf.expandDims(features, 1)), -1);
}
