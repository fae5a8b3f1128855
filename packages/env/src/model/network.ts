import { dropout, linear, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { readPositions } from '../language-model/decoders/decode.ts';
import type { DecoderMode, KeysAndValues } from '../language-model/decoders/decoder-mode.ts';
import { prefixOf } from './candidate-prompt.ts';
import type { EnvironmentConfig } from './config.ts';
import { connected, decoderInputs, itemInputs } from './connector.ts';
import { popularityColumn } from './memory.ts';

/** Fixed data of the items. The config decides which fields are required. */
export interface ItemFacts {
  /** Normalized item tokens, [items, S]. */
  readonly tokens?: tf.Tensor | undefined;
  /** Item vectors of the text memory, [items, K]. */
  readonly memory?: tf.Tensor | undefined;
  /** Result of `logPopularity`, [items, 1]. */
  readonly popularity?: tf.Tensor | undefined;
  /**
   * Log popularity with counts reduced by one, for training, where the target's own row must not count. Otherwise no target
   * would have count 0, and the fit would conclude that such items are never chosen.
   */
  readonly fewer?: tf.Tensor | undefined;
}

/** Item table for state logits, [items, columns]. @param input input vectors of the items, [items, width] */
export function stateTable(params: Tensors, { memory, popularity }: ItemFacts, input: tf.Tensor): tf.Tensor {
  const columns = [input, ...(memory ? [memory] : []), ...(popularity ? [popularityColumn(params, popularity)] : [])];
  return columns.length === 1 ? input : tf.concat(columns, 1);
}

/** Item vectors [items, width]: `input` for histories and state logits, `candidates` for the reward head. */
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

/** Inputs of the items in `table`, then those of the prefix, which get the ids from `items` on. */
export function withPrefix(table: tf.Tensor, params: Tensors, config: EnvironmentConfig): tf.Tensor {
  return tf.concat([itemInputs(params, table), prefixOf(params, config)], 0);
}

/** Vectors of candidates: item vectors [items, width] for the reward head or, with a prompt, inputs. */
export function candidateTable(params: Tensors, { prompt }: EnvironmentConfig, candidates: tf.Tensor): tf.Tensor {
  return prompt ? itemInputs(params, candidates) : candidates;
}

/** States of all positions: inputs [B, T, n] (prefix, then items) -> [B, T, columns], to be taken apart by `readout`. */
export function statesOf(params: Tensors, config: EnvironmentConfig, x: tf.Tensor, mode: DecoderMode): tf.Tensor {
  return readHistories(params, config, x, mode).states;
}

/** {@link statesOf}, also returning the keys and values of each layer. */
export function readHistories(
  params: Tensors,
  config: EnvironmentConfig,
  x: tf.Tensor,
  mode: DecoderMode,
): { states: tf.Tensor; layers: KeysAndValues[] } {
  const entering = mode.dropout ? dropout(x, mode.dropout.rate, mode.dropout.key, `${mode.dropout.label}/input`) : x;
  const { adaptation, connector } = config;
  // A pretrained decoder was trained without dropout between its layers.
  const { dropout: _, ...plain } = mode;
  const lora = adaptation === 'all' ? {} : { adapters: { weights: params, scale: adaptation.alpha / adaptation.rank } };
  const { states, layers } = readPositions(params, config.decoder, decoderInputs(config, entering), {
    ...(connector ? plain : mode),
    ...lora,
  });
  return { states: connected(params, entering, states.at(-1)!), layers };
}
