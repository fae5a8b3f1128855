import type { Key } from '@lea/core';
import { linear, type Tensors, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { filledValue, uniformValue } from '../init.ts';

/** A variant of the GRU with vectors and hidden states of `size` columns; parameters `enc.gru.*` are named as in PyTorch. */
export interface GruCell {
  init(key: Key, size: number): Values;
  /**
   * Computes the next hidden state [B, size] from the previous one and the input's products [B, 3 size] with
   * `weight_ih_l0`.
   */
  step(params: Tensors): (input: tf.Tensor, h: tf.Tensor) => tf.Tensor;
}

/** As in PyTorch: reset gate after the recurrent product, two biases, all parameters uniform within 1 / sqrt(size). */
const torch: GruCell = {
  init(key, size) {
    const shapes: Record<string, number[]> = {
      'enc.gru.weight_ih_l0': [3 * size, size],
      'enc.gru.weight_hh_l0': [3 * size, size],
      'enc.gru.bias_ih_l0': [3 * size],
      'enc.gru.bias_hh_l0': [3 * size],
    };
    return Object.fromEntries(
      Object.entries(shapes).map(([name, dims]) => [name, uniformValue(key, name, dims, 1 / Math.sqrt(size))]),
    );
  },
  step: (params) => (input, h) => {
    const [xr, xz, xn] = tf.split(input, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const recurrent = linear(h, params['enc.gru.weight_hh_l0']!, params['enc.gru.bias_hh_l0']!);
    const [hr, hz, hn] = tf.split(recurrent, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const reset = tf.sigmoid(tf.add(xr, hr));
    const update = tf.sigmoid(tf.add(xz, hz));
    const candidate = tf.tanh(tf.add(xn, tf.mul(reset, hn)));
    return tf.add(candidate, tf.mul(update, tf.sub(h, candidate)));
  },
};

/**
 * As in TensorFlow: reset gate before the recurrent product, one bias (gates 1, candidate 0), Xavier-uniform over [x,
 * h].
 */
const tensorflow: GruCell = {
  init(key, size) {
    // TensorFlow has one weight for both gates and one for the candidate, each over the concatenation of x and h.
    const bounds = [Math.sqrt(6 / (4 * size)), Math.sqrt(6 / (3 * size))] as const;
    const weight = (name: string) => {
      const value = uniformValue(key, name, [3 * size, size], 1);
      return { ...value, data: value.data.map((x, i) => x * bounds[i < 2 * size * size ? 0 : 1]) };
    };
    const bias = filledValue([3 * size], 0);
    bias.data.fill(1, 0, 2 * size);
    return {
      'enc.gru.weight_ih_l0': weight('enc.gru.weight_ih_l0'),
      'enc.gru.weight_hh_l0': weight('enc.gru.weight_hh_l0'),
      'enc.gru.bias_ih_l0': bias,
    };
  },
  step(params) {
    const recurrent = params['enc.gru.weight_hh_l0'] as tf.Tensor2D;
    const size = recurrent.shape[1];
    const gates = tf.slice(recurrent, [0, 0], [2 * size, size]);
    const candidates = tf.slice(recurrent, [2 * size, 0], [size, size]);
    return (input, h) => {
      const [xg, xn] = tf.split(input, [2 * size, size], 1) as [tf.Tensor, tf.Tensor];
      const [reset, update] = tf.split(tf.sigmoid(tf.add(xg, linear(h, gates))), 2, 1) as [tf.Tensor, tf.Tensor];
      const candidate = tf.tanh(tf.add(xn, linear(tf.mul(reset, h), candidates)));
      return tf.add(candidate, tf.mul(update, tf.sub(h, candidate)));
    };
  },
};

export const gruCells: Record<'torch' | 'tensorflow', GruCell> = { torch, tensorflow };
