import {
  defineEncoder,
  type EncoderFactory,
  type Histories,
  initItems,
  initLinear,
  itemTraits,
  lastPosition,
  lookUp,
  type Mode,
  validPositions,
} from '@lea/agents';
import { finite, flag, option, whole } from '@lea/core';
import { dropout, gelu, linear, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

export interface RecencyPoolOptions {
  /** Columns of item vectors and states. Default 64. */
  width: number;
  /** Columns between the two layers. Default 128. More: finer combinations, slower steps. */
  mlpWidth: number;
  /** Weight of an event relative to the next one. Default 0.6; 1 is a plain mean, lower values favor recent events. */
  decay: number;
  /** Dropout rate between the two layers. Default 0.1. Higher regularizes more. */
  rate: number;
  /** Share the item table with the supervised head. Default false. */
  tied: boolean;
}

/** Weighted mean of the item vectors, each event with `decay` times the weight of the next, then two layers with GELU. */
export const recencyPool: EncoderFactory<RecencyPoolOptions> = defineEncoder<RecencyPoolOptions>({
  type: 'recency-pool',
  schema: {
    width: option(whole(1), 64),
    mlpWidth: option(whole(1), 128),
    decay: option(finite(0.001, 1), 0.6),
    rate: option(finite(0, 0.99), 0.1),
    tied: option(flag, false),
  },
  build: ({ width, mlpWidth, decay, rate, tied }) => ({
    ...itemTraits({ width, tied, itemInput: 'id', everyPosition: false }),
    init: (key, shape) => ({
      ...initItems(key, shape, width, 'id'),
      ...initLinear(key, 'enc.in', mlpWidth, width),
      ...initLinear(key, 'enc.out', width, mlpWidth),
    }),
    encode(params, histories, mode) {
      const last = lastPosition(pool(params, histories, mode, decay), histories.length);
      return layers(params, last, mode, rate) as tf.Tensor2D;
    },
    encodeAll(params, histories, mode) {
      return layers(params, pool(params, histories, mode, decay), mode, rate) as tf.Tensor3D;
    },
  }),
});

/** The weighted means [B, L, width] of the events up to each position. */
function pool(params: Tensors, histories: Histories, mode: Mode, decay: number): tf.Tensor {
  const window = histories.items.shape[1]!;
  const padId = params['emb.weight']!.shape[0]! - 1;
  const slots = tf.range(0, window, 1, 'int32');
  const age = tf.sub(tf.expandDims(slots, 1), tf.expandDims(slots, 0)); // [L, L], negative for later events
  const recency = tf.exp(tf.mul(tf.cast(tf.relu(age), 'float32'), tf.scalar(Math.log(decay))));
  const seen = tf.cast(tf.greaterEqual(age, tf.scalar(0, 'int32')), 'float32');
  const valid = tf.expandDims(validPositions(histories, padId), 1); // [B, 1, L]
  const weights = tf.mul(tf.mul(recency, seen), valid); // [B, L, L]
  const sum = tf.matMul(weights, lookUp(params, histories.items, mode));
  // An empty history has total weight 0: its mean is 0.
  return tf.div(sum, tf.add(tf.sum(weights, 2, true), tf.scalar(1e-6)));
}

/** Two layers, for states [B, width] as well as [B, L, width]. */
function layers(params: Tensors, mean: tf.Tensor, mode: Mode, rate: number): tf.Tensor {
  const hidden = gelu(linear(mean, params['enc.in.weight']!, params['enc.in.bias']!));
  const kept = mode.train ? dropout(hidden, rate, mode.key!, `${mode.label}/hidden`) : hidden;
  return linear(kept, params['enc.out.weight']!, params['enc.out.bias']!);
}
