import { fold, type Key } from '@lea/core';
import { dropout, gelu, layerNorm, linear, type Tensors, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { initLinear, initNorm } from '../init.ts';
import type { Mode } from '../types.ts';
import { type AttentionLayer, attendAll, attendLast } from './attention.ts';
import { additiveMask, causal, lastPosition } from './window.ts';

export interface BlockOptions {
  readonly size: number;
  readonly heads: number;
  readonly dropout: number;
  readonly norm: 'lineage' | 'pre';
  readonly activation: 'relu' | 'gelu';
  readonly inner: number;
}

export function initBlock(key: Key, name: string, options: BlockOptions): Values {
  const { size, inner } = options;
  const k = fold(key, name);
  const parts = options.norm === 'pre' ? ['q', 'k', 'v', 'o'] : ['q', 'k', 'v'];
  return {
    ...initNorm(`${name}.ln1`, size),
    ...Object.assign({}, ...parts.map((part) => initLinear(k, `${name}.${part}`, size, size))),
    ...initNorm(`${name}.ln2`, size),
    ...initLinear(k, `${name}.ff1`, size * inner, size),
    ...initLinear(k, `${name}.ff2`, size, size * inner),
  };
}

/** One block over all positions: `x` [B, L, D], `valid` [B, L] -> [B, L, D]. */
export function blockAll(params: Tensors, name: string, o: BlockOptions, x: tf.Tensor, valid: tf.Tensor, mode: Mode) {
  const seen = additiveMask(tf.mul(valid.expandDims(1), causal(x.shape[1]!)));
  return block(params, name, o, x, x, (layer, query, keys) => attendAll(layer, query, keys, seen, mode), mode);
}

/** The block at position length - 1 only: `x` [B, L, D] -> [B, D]. */
export function blockLast(
  params: Tensors,
  name: string,
  o: BlockOptions,
  x: tf.Tensor,
  length: tf.Tensor,
  valid: tf.Tensor,
  mode: Mode,
): tf.Tensor {
  const seen = additiveMask(valid);
  const last = lastPosition(x, length);
  return block(params, name, o, last, x, (layer, query, keys) => attendLast(layer, query, keys, seen, mode), mode);
}

type Attend = (layer: AttentionLayer, query: tf.Tensor, keys: tf.Tensor) => tf.Tensor;

/** `x` is where the block is computed, `all` what it attends to (the same, or the whole window of the last position). */
function block(
  params: Tensors,
  name: string,
  o: BlockOptions,
  x: tf.Tensor,
  all: tf.Tensor,
  attend: Attend,
  mode: Mode,
): tf.Tensor {
  const layer: AttentionLayer = { params, name, heads: o.heads, dropout: o.dropout };
  const norm = (part: string, y: tf.Tensor) =>
    layerNorm(y, params[`${name}.${part}.weight`]!, params[`${name}.${part}.bias`]!);
  if (o.norm === 'pre') {
    const keys = norm('ln1', all);
    const query = x === all ? keys : norm('ln1', x);
    const mixed = linear(attend(layer, query, keys), params[`${name}.o.weight`]!, params[`${name}.o.bias`]);
    const y = tf.add(x, drop(mixed, o, mode, `${name}/mixed`));
    return tf.add(y, feedForward(params, name, o, norm('ln2', y), mode));
  }
  const query = norm('ln1', x);
  const y = norm('ln2', tf.add(attend(layer, query, all), query));
  return tf.add(y, feedForward(params, name, o, y, mode));
}

function feedForward(params: Tensors, name: string, o: BlockOptions, y: tf.Tensor, mode: Mode): tf.Tensor {
  const up = linear(y, params[`${name}.ff1.weight`]!, params[`${name}.ff1.bias`]);
  const active = drop(o.activation === 'gelu' ? gelu(up) : tf.relu(up), o, mode, `${name}/ff1`);
  return drop(linear(active, params[`${name}.ff2.weight`]!, params[`${name}.ff2.bias`]), o, mode, `${name}/ff2`);
}

/** Dropout of a place in the network: independent masks per pass and place. */
export function drop(x: tf.Tensor, { dropout: rate }: { dropout: number }, mode: Mode, place: string): tf.Tensor {
  return mode.train && rate > 0 ? dropout(x, rate, mode.key!, `${mode.label}/${place}`) : x;
}
