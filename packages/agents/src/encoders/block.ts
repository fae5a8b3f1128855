import { fold, type Key } from '@lea/core';
import { dropout, gelu, layerNorm, linear, type Tensors, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { initLinear, initNorm } from '../init.ts';
import type { Mode } from '../types.ts';
import { type AttentionLayer, attendAll, attendLast } from './attention.ts';
import { additiveMask, causal, lastPosition } from './window.ts';

export interface BlockOptions {
  readonly width: number;
  readonly heads: number;
  readonly dropout: number;
  readonly norm: 'original-code' | 'pre';
  readonly activation: 'relu' | 'gelu';
  readonly mlpRatio: number;
}

export function initBlock(key: Key, name: string, options: BlockOptions): Values {
  const { width, mlpRatio } = options;
  const k = fold(key, name);
  const parts = options.norm === 'pre' ? ['q', 'k', 'v', 'o'] : ['q', 'k', 'v'];
  return {
    ...initNorm(`${name}.ln1`, width),
    ...Object.assign({}, ...parts.map((part) => initLinear(k, `${name}.${part}`, width, width))),
    ...initNorm(`${name}.ln2`, width),
    ...initLinear(k, `${name}.ff1`, width * mlpRatio, width),
    ...initLinear(k, `${name}.ff2`, width, width * mlpRatio),
  };
}

/** A transformer block in one pass. */
export interface Block {
  readonly params: Tensors;
  /** Prefix of its parameters. */
  readonly name: string;
  readonly options: BlockOptions;
  readonly mode: Mode;
}

/** The block at all positions: `x` [B, L, D], `valid` [B, L] -> [B, L, D]. */
export function blockAll(block: Block, x: tf.Tensor, valid: tf.Tensor): tf.Tensor {
  const seen = additiveMask(tf.mul(tf.expandDims(valid, 1), causal(x.shape[1]!)));
  return run(block, x, x, (layer, query, keys) => attendAll(layer, query, keys, seen, block.mode));
}

/** The block at position length - 1 only: `x` [B, L, D] -> [B, D]. */
export function blockLast(block: Block, x: tf.Tensor, length: tf.Tensor, valid: tf.Tensor): tf.Tensor {
  const seen = additiveMask(valid);
  const last = lastPosition(x, length);
  return run(block, last, x, (layer, query, keys) => attendLast(layer, query, keys, seen, block.mode));
}

type Attend = (layer: AttentionLayer, query: tf.Tensor, keys: tf.Tensor) => tf.Tensor;

/** Computes the block at `x`, attending to `all` (the same tensor, or the whole window for the last position). */
function run(block: Block, x: tf.Tensor, all: tf.Tensor, attend: Attend): tf.Tensor {
  const { params, name, options } = block;
  const layer: AttentionLayer = { params, name, heads: options.heads, dropout: options.dropout };
  const norm = (part: string, y: tf.Tensor) => layerNorm(y, at(block, `${part}.weight`), at(block, `${part}.bias`));
  if (options.norm === 'pre') {
    const keys = norm('ln1', all);
    const query = x === all ? keys : norm('ln1', x);
    const mixed = affine(block, 'o', attend(layer, query, keys));
    const y = tf.add(x, dropped(block, mixed, 'mixed'));
    return tf.add(y, feedForward(block, norm('ln2', y)));
  }
  const query = norm('ln1', x);
  const y = norm('ln2', tf.add(attend(layer, query, all), query));
  return tf.add(y, feedForward(block, y));
}

function feedForward(block: Block, y: tf.Tensor): tf.Tensor {
  const up = affine(block, 'ff1', y);
  const active = block.options.activation === 'gelu' ? gelu(up) : tf.relu(up);
  return dropped(block, affine(block, 'ff2', dropped(block, active, 'ff1')), 'ff2');
}

function at({ params, name }: Block, part: string): tf.Tensor {
  return params[`${name}.${part}`]!;
}

function affine(block: Block, part: string, x: tf.Tensor): tf.Tensor {
  return linear(x, at(block, `${part}.weight`), at(block, `${part}.bias`));
}

function dropped({ name, options, mode }: Block, x: tf.Tensor, place: string): tf.Tensor {
  return drop(x, options.dropout, mode, `${name}/${place}`);
}

/** Dropout with an independent mask per pass and place in the network. */
export function drop(x: tf.Tensor, rate: number, mode: Mode, place: string): tf.Tensor {
  return mode.train && rate > 0 ? dropout(x, rate, mode.key!, `${mode.label}/${place}`) : x;
}
