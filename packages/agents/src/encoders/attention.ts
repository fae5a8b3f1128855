import { attention, dropout, linear, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { Mode } from '../types.ts';

/** Parameters and settings of one attention layer. */
export interface AttentionLayer {
  readonly params: Tensors;
  /** Prefix of `q.weight`, `k.weight`, `v.weight` and their biases. */
  readonly name: string;
  readonly heads: number;
  readonly dropout: number;
}

/**
 * Self-attention at every position.
 *
 * @param queries [B, L, D] before their projection
 * @param keys [B, L, D] before their projection; values are projected from the same
 * @param mask additive [B, L, L] or [1, L, L]
 * @returns [B, L, D]
 */
export function attendAll(
  layer: AttentionLayer,
  queries: tf.Tensor,
  keys: tf.Tensor,
  mask: tf.Tensor,
  mode: Mode,
): tf.Tensor {
  const { params, name, heads } = layer;
  const [rows, window, size] = queries.shape as [number, number, number];
  const width = size / heads;
  const split = (x: tf.Tensor, part: 'q' | 'k' | 'v') =>
    tf.transpose(
      tf.reshape(linear(x, params[`${name}.${part}.weight`]!, params[`${name}.${part}.bias`]), [
        rows,
        window,
        heads,
        width,
      ]),
      [0, 2, 1, 3],
    );
  const q = split(queries, 'q');
  const k = split(keys, 'k');
  const v = split(keys, 'v');
  const scale = 1 / Math.sqrt(width);
  const perHead = tf.expandDims(mask, 1);
  let mixed: tf.Tensor;
  if (drops(layer, mode)) {
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), tf.scalar(scale)), perHead);
    mixed = tf.matMul(dropWeights(layer, tf.softmax(scores), mode), v);
  } else {
    mixed = attention(q, k, v, perHead, scale);
  }
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows, window, size]);
}

/**
 * Attention of one query per row, without projecting the keys and values of the window: q·(W x + b) = (Wᵀq)·x + const, where
 * the constant cancels in the softmax, and sum_j a_j (W x_j + b) = W (sum_j a_j x_j) + b sum_j a_j. Equals the last row of
 * `attendAll` up to rounding, with 1/L of its matrix products.
 *
 * @param query [B, D] @param keys [B, L, D] @param mask additive [B, L]
 * @returns [B, D]
 */
export function attendLast(
  layer: AttentionLayer,
  query: tf.Tensor,
  keys: tf.Tensor,
  mask: tf.Tensor,
  mode: Mode,
): tf.Tensor {
  const { params, name, heads } = layer;
  const [rows, size] = query.shape as [number, number];
  const width = size / heads;
  const perHead = (part: 'k' | 'v') => tf.reshape(params[`${name}.${part}.weight`]!, [heads, width, size]);
  const q = linear(query, params[`${name}.q.weight`]!, params[`${name}.q.bias`]);
  const scaled = tf.mul(q, tf.scalar(1 / Math.sqrt(width)));
  const folded = headsOut(tf.matMul(headsIn(scaled, rows, heads, width), perHead('k')));
  const scores = tf.add(tf.matMul(folded, keys, false, true), tf.expandDims(mask, 1));
  const weights = dropWeights(layer, tf.softmax(scores), mode);
  const context = headsIn(tf.reshape(tf.matMul(weights, keys), [rows, heads * size]), rows, heads, size);
  const values = headsOut(tf.matMul(context, perHead('v'), false, true));
  const bias = tf.reshape(params[`${name}.v.bias`]!, [1, heads, width]);
  return tf.reshape(tf.add(values, tf.mul(tf.sum(weights, -1, true), bias)), [rows, size]);
}

/** [B, heads * width] -> [heads, B, width] */
function headsIn(x: tf.Tensor, rows: number, heads: number, width: number): tf.Tensor {
  return heads === 1 ? tf.reshape(x, [1, rows, width]) : tf.transpose(tf.reshape(x, [rows, heads, width]), [1, 0, 2]);
}

/** [heads, B, width] -> [B, heads, width] */
function headsOut(x: tf.Tensor): tf.Tensor {
  const [heads, rows, width] = x.shape as [number, number, number];
  return heads === 1 ? tf.reshape(x, [rows, 1, width]) : tf.transpose(x, [1, 0, 2]);
}

function drops(layer: AttentionLayer, mode: Mode): boolean {
  return mode.train && layer.dropout > 0;
}

function dropWeights(layer: AttentionLayer, weights: tf.Tensor, mode: Mode): tf.Tensor {
  return drops(layer, mode)
    ? dropout(weights, layer.dropout, mode.key!, `${mode.label}/${layer.name}/attention`)
    : weights;
}
