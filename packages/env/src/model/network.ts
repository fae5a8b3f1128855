import { dropout, linear, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type DecoderMode, type KeysAndValues, readPositions } from '../language-model/decoders/decode.ts';
import { prefixOf } from './candidate-prompt.ts';
import type { EnvironmentConfig } from './config.ts';
import { popularityColumn } from './memory.ts';

/** What is known of the items beside parameters, [items, ...]: what the config asks for of them has to be there. */
export interface ItemFacts {
  /** [items, S] */
  readonly tokens?: tf.Tensor | undefined;
  /** The text memory's table, [items, K]. */
  readonly memory?: tf.Tensor | undefined;
  /** Of `logPopularity`, [items, 1]. */
  readonly popularity?: tf.Tensor | undefined;
  /**
   * The same of counts less by one, for a fit: a target's own row is no evidence for it. Without this no target would ever
   * be an item that nobody took, and the fit would conclude that there are none.
   */
  readonly fewer?: tf.Tensor | undefined;
}

/** What states are compared with, [items, columns]: popularity, where it is there, meets a 1. @param input what items enter histories as [items, width] */
export function stateTable(params: Tensors, { memory, popularity }: ItemFacts, input: tf.Tensor): tf.Tensor {
  const columns = [input, ...(memory ? [memory] : []), ...(popularity ? [popularityColumn(params, popularity)] : [])];
  return columns.length === 1 ? input : tf.concat(columns, 1);
}

/** One vector per item, [items, width]: what goes in and what states are compared with, and what the score head sees. */
export function itemTables(
  params: Tensors,
  { candidateInput }: EnvironmentConfig,
  tokens: tf.Tensor | undefined,
): { input: tf.Tensor; candidates: tf.Tensor } {
  const id = params['item.id'];
  if (!tokens) return { input: id!, candidates: id! };
  const text = linear(tokens, params['item.projection.weight']!);
  const input = id ? tf.add(id, text) : text;
  return { input, candidates: candidateInput === 'text' ? text : input };
}

/** The item table and after it what histories begin with: the ids from `items` on. */
export function withPrefix(table: tf.Tensor, params: Tensors, config: EnvironmentConfig): tf.Tensor {
  return tf.concat([table, prefixOf(params, config)], 0);
}

/** States of all slots: [B, T, width] vectors (prefix, then items) -> [B, T, width]. */
export function statesOf(params: Tensors, config: EnvironmentConfig, x: tf.Tensor, mode: DecoderMode): tf.Tensor {
  return readHistories(params, config, x, mode).states;
}

/** {@link statesOf}, and of each layer the keys and values of the slots. */
export function readHistories(
  params: Tensors,
  config: EnvironmentConfig,
  x: tf.Tensor,
  mode: DecoderMode,
): { states: tf.Tensor; layers: KeysAndValues[] } {
  const entering = mode.dropout ? dropout(x, mode.dropout.rate, mode.dropout.key, `${mode.dropout.label}/input`) : x;
  const { adaptation } = config;
  const lora = adaptation === 'all' ? {} : { adapters: { weights: params, scale: adaptation.alpha / adaptation.rank } };
  const { states, layers } = readPositions(params, config.decoder, entering, { ...mode, ...lora });
  return { states: states.at(-1)!, layers };
}
