import { fold, type Key, normal } from '@lea/core';
import { float32, linear, rmsNorm, type Tensors, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { wordsOf } from '../language-model/decoders/modules.ts';
import { type LanguageModel, startVector } from '../language-model/language-model.ts';
import type { ConnectorShape, EnvironmentConfig } from './config.ts';
import { ITEM_RMS } from './init.ts';

/** States are normalized with this epsilon. */
const EPS = 1e-5;

/**
 * Root mean square of the projected states at first, where that of normalized item vectors is 1. A fit with larger ones starts
 * from what a decoder says about vectors that it has never seen, and learns rewards more slowly.
 */
const READ_RMS = 0.1;

/**
 * Factor of the projected states. Adam changes every weight by about its learning rate, and the changes of a row add up over the
 * columns of a wide decoder; the factor makes up for that.
 */
const readFactor = (rows: number, columns: number): number => rows / columns;

/** Initial weights of a connector and the start vector, which is the language model's own. */
export function initConnector(
  key: Key,
  shape: ConnectorShape,
  { params, config, tokenizer }: LanguageModel,
  itemInput: EnvironmentConfig['itemInput'],
): Values {
  const { width, embeddingScale = 1 } = config;
  const words = rootMeanSquare(params[wordsOf(config)]!.data as Float32Array) * embeddingScale;
  const drawn = (name: string, rows: number, columns: number, rms: number): Value =>
    float32(
      normal(fold(key, name), rows * columns).map((v) => (v * rms) / Math.sqrt(columns)),
      [rows, columns],
    );
  return {
    start: float32(startVector(params, config, tokenizer.start), [1, width]),
    'connector.input.weight': drawn('input', width, shape.width, words / ITEM_RMS[itemInput]),
    'connector.output.weight': drawn('output', shape.width, width, READ_RMS / readFactor(shape.width, width)),
  };
}

/** Inputs of items, [n, decoder width]; with a connector, their vectors [n, width] are projected, and follow, [n, decoder width + width]. */
export function itemInputs(params: Tensors, vectors: tf.Tensor): tf.Tensor {
  const weight = params['connector.input.weight'];
  return weight ? tf.concat([linear(vectors, weight), vectors], 1) : vectors;
}

/** Inputs of words [n, decoder width]; with a connector, zeros follow in place of an item vector, [n, decoder width + width]. */
export function wordInputs(params: Tensors, words: tf.Tensor): tf.Tensor {
  const weight = params['connector.input.weight'];
  return weight ? tf.concat([words, tf.zeros([words.shape[0]!, weight.shape[1]!])], 1) : words;
}

/** The part of inputs [B, T, n] that the decoder reads, [B, T, decoder width]. */
export function decoderInputs({ connector, decoder }: EnvironmentConfig, inputs: tf.Tensor): tf.Tensor {
  const [B, T] = inputs.shape as [number, number];
  return connector ? tf.slice(inputs, [0, 0, 0], [B, T, decoder.width]) : inputs;
}

/**
 * States of the environment: those of the decoder [B, T, decoder width] or, with a connector, the projected states, then the
 * normalized item vectors of the inputs, [B, T, 2 * width].
 */
export function connected(params: Tensors, inputs: tf.Tensor, states: tf.Tensor): tf.Tensor {
  const weight = params['connector.output.weight'];
  if (!weight) return states;
  const [width, size] = weight.shape as [number, number];
  const [B, T] = states.shape as [number, number];
  const columns = tf.mul(tf.sub(states, params['connector.mean']!), params['connector.scale']!);
  const read = tf.mul(linear(rmsNorm(columns, tf.ones([size]), EPS), weight), readFactor(width, size));
  const own = tf.slice(inputs, [0, 0, size], [B, T, width]);
  return tf.concat([read, rmsNorm(own, tf.ones([width]), EPS)], 2);
}

/**
 * Parts of {@link connected} states: `queries` [..., width] for state logits, and `states` [..., width] for rewards. The item
 * vectors are in the latter only: in the former, the newest item and its likes would rank first.
 */
export function readout({ connector }: EnvironmentConfig, states: tf.Tensor): Record<'queries' | 'states', tf.Tensor> {
  if (!connector) return { queries: states, states };
  const [queries, own] = tf.split(states, 2, -1) as [tf.Tensor, tf.Tensor];
  return { queries, states: tf.add(queries, own) };
}

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value ** 2;
  return Math.sqrt(sum / values.length);
}
