import { fold, type Key, normal } from '@lea/core';
import {
  attention,
  dropout,
  embedding,
  float32,
  gelu,
  linear,
  rmsNorm,
  softmaxCrossEntropy,
  softplus,
  type Tensors,
  type Values,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import type { DecoderConfig } from './decoders/config.ts';
import { type DecoderMode, decode } from './decoders/decode.ts';
import type { LoraOptions } from './decoders/lora.ts';
import { segmentMask, segmentPositions } from './decoders/masks.ts';
import { textMemory } from './text-memory.ts';

/** What the environment (LE) is made of; everything that its programs need to know. */
export interface EnvironmentConfig {
  readonly decoder: DecoderConfig;
  readonly items: number;
  /** Most events of a history that are read. */
  readonly window: number;
  /** What an item enters as: a free vector, its projected token, or their sum. */
  readonly input: 'id' | 'text' | 'id+text';
  readonly adaptation: 'all' | LoraOptions;
  /** Columns of the text memory that states end in; 0 without. */
  readonly memory: number;
  /** What a candidate is to the score head: its text alone, or what it enters histories as. */
  readonly candidates: 'text' | 'input';
}

/** Columns of a state: the decoder's, then the text memory's. */
export function stateSize({ decoder, memory }: EnvironmentConfig): number {
  return decoder.width + memory;
}

/** Item vectors: tokens are brought to a root mean square of 1 before, so these are the scales the table begins with. */
const ID_SCALE = 0.02;

/** Fresh parameters but the decoder's. */
export function initEnvironment(key: Key, config: EnvironmentConfig, tokenSize: number): Values {
  const D = config.decoder.width;
  const values: Values = {};
  const put = (name: string, scale: number, ...shape: number[]): void => {
    const size = shape.reduce((a, b) => a * b, 1);
    values[name] = float32(
      normal(fold(key, name), size).map((v) => v * scale),
      shape,
    );
  };
  put('start', ID_SCALE, 1, D);
  if (config.input !== 'text') put('item.id', ID_SCALE, config.items, D);
  if (config.input !== 'id') put('item.projection.weight', ID_SCALE / Math.sqrt(tokenSize), D, tokenSize);
  for (const name of ['query', 'key', 'value']) put(`reward.${name}.weight`, 1 / Math.sqrt(D), D, D);
  values['reward.norm.weight'] = float32(new Float32Array(D).fill(1), [D]);
  put('reward.hidden.weight', 1 / Math.sqrt(4 * D), 2 * D, 4 * D);
  values['reward.hidden.bias'] = float32(new Float32Array(2 * D), [2 * D]);
  put('reward.score.weight', 1 / Math.sqrt(2 * D), 1, 2 * D);
  return values;
}

/** One vector per item, [items, width]: what goes in and what states are compared with, and what the score head sees. */
export function itemTables(
  params: Tensors,
  { candidates }: EnvironmentConfig,
  tokens: tf.Tensor | undefined,
): { input: tf.Tensor; candidates: tf.Tensor } {
  const id = params['item.id'];
  if (!tokens) return { input: id!, candidates: id! };
  const text = linear(tokens, params['item.projection.weight']!);
  const input = id ? tf.add(id, text) : text;
  return { input, candidates: candidates === 'text' ? text : input };
}

/** The item table with the start vector as its last row: a history begins with the id `items`. */
export function withStart(table: tf.Tensor, params: Tensors): tf.Tensor {
  return tf.concat([table, params.start!], 0);
}

/** States of all prefixes: [B, T] ids (start, then items) -> [B, T, width]. */
export function statesOf(
  params: Tensors,
  config: EnvironmentConfig,
  table: tf.Tensor,
  items: tf.Tensor,
  mode: DecoderMode,
): tf.Tensor {
  let x = embedding(table, items);
  if (mode.dropout) x = dropout(x, mode.dropout.rate, mode.dropout.key, `${mode.dropout.label}/input`);
  const { adaptation } = config;
  const lora = adaptation === 'all' ? {} : { adapters: { weights: params, scale: adaptation.alpha / adaptation.rank } };
  return decode(params, config.decoder, x, { ...mode, ...lora });
}

/**
 * The score head: each candidate attends to the states of its history, then an MLP sees what it found, the candidate,
 * the newest state and their product. Candidates see no other candidate, so many cost one pass over the history.
 *
 * @param states [B, T, width]
 * @param current [B, Q, width] the newest state of each candidate's history
 * @param candidates [B, Q, width] rows of the item table
 * @param mask [B, 1, Q, T] 0 where a candidate may look, -1e9 elsewhere
 * @returns rewards [B, Q]
 */
export function rewardsOf(
  params: Tensors,
  config: EnvironmentConfig,
  { states, current, candidates, mask }: Record<'states' | 'current' | 'candidates' | 'mask', tf.Tensor>,
  drop: (x: tf.Tensor) => tf.Tensor = (x) => x,
): tf.Tensor {
  const [B, T, D] = states.shape as [number, number, number];
  const Q = candidates.shape[1]!;
  const { heads, normEps } = config.decoder;
  const size = D / heads;
  const split = (x: tf.Tensor, n: number): tf.Tensor => tf.transpose(tf.reshape(x, [B, n, heads, size]), [0, 2, 1, 3]);
  const c = rmsNorm(candidates, params['reward.norm.weight']!, normEps);
  const q = split(linear(c, params['reward.query.weight']!), Q);
  const k = split(linear(states, params['reward.key.weight']!), T);
  const v = split(linear(states, params['reward.value.weight']!), T);
  const found = tf.reshape(tf.transpose(attention(q, k, v, mask, 1 / Math.sqrt(size)), [0, 2, 1, 3]), [B, Q, D]);
  const features = tf.concat([found, c, current, tf.mul(c, current)], 2);
  const hidden = drop(gelu(linear(features, params['reward.hidden.weight']!, params['reward.hidden.bias']!)));
  return tf.reshape(linear(hidden, params['reward.score.weight']!), [B, Q]);
}

export interface EnvironmentLosses {
  /** Mean of L_sm over the positions with weight. */
  readonly sm: tf.Tensor;
  /** Mean of L_rm. */
  readonly rm: tf.Tensor;
  /** Their number, at least 1. */
  readonly total: tf.Tensor;
  /** [B, T, state size] */
  readonly states: tf.Tensor;
  /** What states are compared with, [items, state size]. */
  readonly table: tf.Tensor;
  /** R(a+) - R(a-), [B, T]. */
  readonly margin: tf.Tensor;
}

/**
 * Both losses over packed histories, at every position:
 * L_sm = -log softmax(s_t W)[a+] over all items; L_rm = -log sigmoid(R(a+) - R(a-)) (Bradley-Terry).
 *
 * @param tokens [items, S] @param memory the text memory's table [items, K], where the config has one
 * @param inputs of `packSegments`
 */
export function environmentLosses(
  params: Tensors,
  config: EnvironmentConfig,
  { tokens, memory }: { readonly tokens?: tf.Tensor | undefined; readonly memory?: tf.Tensor | undefined },
  inputs: Tensors,
  train?: { readonly rate: number; readonly key: tf.Tensor },
): EnvironmentLosses {
  const { items, segment, target, negative, weight } = inputs as Record<string, tf.Tensor>;
  const [B, T] = items!.shape as [number, number];
  const mask = segmentMask(segment!);
  const tables = itemTables(params, config, tokens);
  const mode: DecoderMode = {
    mask,
    ...(config.decoder.positions ? { positions: segmentPositions(segment!) } : {}),
    ...(train ? { dropout: { ...train, label: 'environment' } } : {}),
  };
  const decoded = statesOf(params, config, withStart(tables.input, params), items!, mode);
  const states = memory ? tf.concat([decoded, textMemory(params, memory, items!, mask)], 2) : decoded;
  const table = memory ? tf.concat([tables.input, memory], 1) : tables.input;

  const flat = tf.reshape(weight!, [B * T, 1]);
  const total = tf.maximum(tf.sum(flat), 1);
  const ce = softmaxCrossEntropy(
    tf.reshape(states, [B * T, stateSize(config)]),
    table,
    tf.reshape(target!, [B * T, 1]),
    flat,
  );

  // Candidates [a+ at all positions | a- at all positions]: 2 T queries, each sees what its position sees.
  const rewards = rewardsOf(
    params,
    config,
    {
      states: decoded,
      current: tf.concat([decoded, decoded], 1),
      candidates: embedding(tables.candidates, tf.concat([target!, negative!], 1)),
      mask: tf.tile(mask, [1, 1, 2, 1]),
    },
    train && ((x) => dropout(x, train.rate, train.key, 'environment/reward')),
  );
  const margin = tf.sub(tf.slice(rewards, [0, 0], [B, T]), tf.slice(rewards, [0, T], [B, T]));
  const pairwise = tf.mul(softplus(tf.neg(margin)), weight!);
  return { states, table, margin, total, sm: tf.div(tf.sum(ce), total), rm: tf.div(tf.sum(pairwise), total) };
}
