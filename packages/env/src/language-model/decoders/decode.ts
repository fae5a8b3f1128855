import { checkObjects } from '@lea/core';
import {
  checkTensors,
  dropout,
  embedding,
  gelu,
  geluTanh,
  layerNorm,
  linear,
  rmsNorm,
  swiglu,
  type Tensors,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkDecoderConfigs } from '../../shared/arguments.ts';
import { attend } from './attend.ts';
import type { DecoderConfig } from './config.ts';
import type { DecoderMode, KeysAndValues } from './decoder-mode.ts';
import { type Adapter, adapted, adapterOf } from './lora.ts';
import { narrowed } from './masks.ts';
import { isGated, isTransposed, lastNormOf, layerOf, type Module, positionsOf, wordsOf } from './modules.ts';
import { ropeTablesOf } from './rope-tables.ts';

/** Looks up the decoder's input vectors of tokens: int32 ids [...] -> [..., width]. */
export function embedWords(params: Tensors, config: DecoderConfig, ids: tf.Tensor): tf.Tensor {
  checkObjects('embedWords', { params });
  checkDecoderConfigs('embedWords', { config });
  checkTensors('embedWords', { ids });
  const vectors = embedding(params[wordsOf(config)]!, ids);
  return config.embeddingScale === undefined ? vectors : tf.mul(vectors, config.embeddingScale);
}

/**
 * Runs the decoder: input vectors to final hidden states. The weights of a Hugging Face checkpoint can be used as they are;
 * {@link decoderSpecs} lists names and shapes.
 *
 * @param params weights by Hugging Face name
 * @param inputs input vectors, [B, T, width]
 * @returns hidden states after the final norm, [B, T, width]
 */
export function decode(params: Tensors, config: DecoderConfig, inputs: tf.Tensor, mode: DecoderMode): tf.Tensor {
  return hiddenStates(params, config, inputs, mode).at(-1)!;
}

/**
 * Runs the decoder and returns the hidden states between all layers: layers + 1 tensors [B, T, width], the input of the
 * first layer, then the output of each layer, the last one after the final norm.
 */
export function hiddenStates(
  params: Tensors,
  config: DecoderConfig,
  inputs: tf.Tensor,
  mode: DecoderMode,
): tf.Tensor[] {
  return readPositions(params, config, inputs, mode).states;
}

/** {@link hiddenStates}, and the keys and values of each layer, which can be passed as `past` of a later call. */
export function readPositions(
  params: Tensors,
  config: DecoderConfig,
  inputs: tf.Tensor,
  mode: DecoderMode,
): {
  /** Hidden states, as in {@link hiddenStates}. */
  states: tf.Tensor[];
  /** Keys and values by layer. */
  layers: KeysAndValues[];
} {
  checkObjects('readPositions', { params });
  checkDecoderConfigs('readPositions', { config });
  checkTensors('readPositions', { inputs });
  checkObjects('readPositions', { mode });
  const T = inputs.shape[1]! + (mode.past?.positions.shape[1] ?? 0);
  const norm = normsOf(params, config);
  const drop = (x: tf.Tensor, label: string): tf.Tensor =>
    mode.dropout ? dropout(x, mode.dropout.rate, mode.dropout.key, `${mode.dropout.label}/${label}`) : x;
  const project = (x: tf.Tensor, module: Module): tf.Tensor =>
    matrixOf(params, config, x, module, mode.adapters && adapterOf(mode.adapters, module.name));
  const narrow = narrowed(config, T, mode);
  const tables = new Map<boolean, { cos: tf.Tensor; sin: tf.Tensor }>();

  let x = config.maxPositions ? tf.add(inputs, positionVectors(params, config, T, mode.positions)) : inputs;
  const states = [x];
  const layers: KeysAndValues[] = [];
  for (let index = 0; index < config.layers; index++) {
    const layer = layerOf(config, index);
    const isWindow = config.window !== undefined && (config.windowLayers?.[index] ?? true);
    const rotates = !config.maxPositions && (config.ropeLayers?.[index] ?? true);
    if (rotates && !tables.has(isWindow)) tables.set(isWindow, ropeTablesOf(config, T, isWindow, mode.positions));
    const entering = norm(x, layer.norms[0]);
    const { seen, own } = attend(config, {
      projected: layer.attention.map((module) => project(entering, module)),
      headNorm: (heads, which) => (layer.qkNorms ? norm(heads, layer.qkNorms[which]!) : heads),
      tables: rotates ? tables.get(isWindow) : undefined,
      ...(isWindow ? narrow : mode),
      past: mode.past?.layers[index],
    });
    layers.push(own);
    const attended = project(seen, layer.output);
    x = tf.add(x, drop(layer.postNorms ? norm(attended, layer.postNorms[0]) : attended, `${index}/attention`));
    const before = norm(x, layer.norms[1]);
    const hidden = activate(
      config,
      layer.up.map((module) => project(before, module)),
    );
    const made = project(hidden, layer.down);
    x = tf.add(x, drop(layer.postNorms ? norm(made, layer.postNorms[1]) : made, `${index}/mlp`));
    states.push(x);
  }
  states[config.layers] = norm(x, lastNormOf(config));
  return { states, layers };
}

/** Learned position vectors, [1 or B, T, width]; positions beyond the last one are padding and get its vector. */
function positionVectors(params: Tensors, config: DecoderConfig, T: number, given: tf.Tensor | undefined): tf.Tensor {
  const places =
    given ??
    tf.tensor2d(
      Int32Array.from({ length: T }, (_, t) => t),
      [1, T],
      'int32',
    );
  return embedding(params[positionsOf(config)]!, tf.minimum(places, tf.scalar(config.maxPositions! - 1, 'int32')));
}

function normsOf(params: Tensors, { norm, normEps }: DecoderConfig) {
  return (x: tf.Tensor, name: string): tf.Tensor => {
    const gain = params[`${name}.weight`]!;
    if (norm === 'layer') return layerNorm(x, gain, params[`${name}.bias`]!, normEps);
    return rmsNorm(x, norm === 'rms+1' ? tf.add(gain, 1) : gain, normEps);
  };
}

function matrixOf(
  params: Tensors,
  config: DecoderConfig,
  x: tf.Tensor,
  { name, inputs, outputs }: Module,
  adapter: Adapter | undefined,
): tf.Tensor {
  const weight = params[`${name}.weight`]!;
  const bias = params[`${name}.bias`];
  const transposed = isTransposed(config);
  if (!adapter && !transposed) return linear(x, weight, bias);
  const rows = tf.reshape(x, [-1, inputs]);
  const product = adapter ? adapted(rows, weight, adapter, transposed) : tf.matMul(rows, weight);
  const y = tf.reshape(product, [...x.shape.slice(0, -1), outputs]);
  return bias ? tf.add(y, bias) : y;
}

function activate(config: DecoderConfig, parts: readonly tf.Tensor[]): tf.Tensor {
  const kind = config.activation ?? 'silu';
  const [first] = parts as [tf.Tensor];
  if (!isGated(config)) return activation(first, kind);
  const [gate, up] = (parts.length === 1 ? tf.split(first, 2, -1) : parts) as [tf.Tensor, tf.Tensor];
  return kind === 'silu' ? swiglu(gate, up) : tf.mul(activation(gate, kind), up);
}

function activation(x: tf.Tensor, kind: NonNullable<DecoderConfig['activation']>): tf.Tensor {
  if (kind === 'gelu') return gelu(x);
  if (kind === 'gelu-tanh') return geluTanh(x);
  return kind === 'relu' ? tf.relu(x) : tf.mul(x, tf.sigmoid(x));
}
