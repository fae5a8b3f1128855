import {
  defineEncoder,
  type EncoderFactory,
  initItems,
  initLinear,
  itemTraits,
  lookUp,
  validPositions,
} from '@lea/agents';
import { finite, flag, option, whole } from '@lea/core';
import { gelu, linear } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

export interface RecencyPoolOptions {
  /** Columns of item vectors and states. Default 64. */
  width: number;
  /** Columns between the two layers. Default 128. More: finer combinations, slower steps. */
  mlpWidth: number;
  /** Weight of an event relative to the next one. Default 0.6; 1 is a plain mean, lower values favor recent events. */
  decay: number;
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
    tied: option(flag, false),
  },
  build: ({ width, mlpWidth, decay, tied }) => ({
    ...itemTraits({ width, tied, itemInput: 'id', everyPosition: false }),
    init: (key, shape) => ({
      ...initItems(key, shape, width, 'id'),
      ...initLinear(key, 'enc.in', mlpWidth, width),
      ...initLinear(key, 'enc.out', width, mlpWidth),
    }),
    encode(params, histories, mode) {
      const [rows, window] = histories.items.shape as [number, number];
      const padId = params['emb.weight']!.shape[0]! - 1;
      const slots = tf.reshape(tf.range(1, window + 1, 1, 'int32'), [1, window]);
      const age = tf.cast(tf.sub(tf.reshape(histories.length, [rows, 1]), slots), 'float32');
      // Before masking, padding positions have a negative age.
      const recency = tf.exp(tf.mul(tf.relu(age), tf.scalar(Math.log(decay))));
      const weight = tf.expandDims(tf.mul(recency, validPositions(histories, padId)), 2);
      const sum = tf.sum(tf.mul(lookUp(params, histories.items, mode), weight), 1);
      // An empty history has total weight 0: its mean is 0.
      const mean = tf.div(sum, tf.add(tf.sum(weight, 1), tf.scalar(1e-6)));
      const hidden = gelu(linear(mean, params['enc.in.weight']!, params['enc.in.bias']!));
      return linear(hidden, params['enc.out.weight']!, params['enc.out.bias']!) as tf.Tensor2D;
    },
  }),
});
