import { flag, type OptionsSchema, oneOf, option, whole } from '@lea/core';
import { linear, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import type { Histories, Mode } from '../types.ts';
import { drop } from './block.ts';
import { gruCells } from './gru-cells.ts';
import { type ItemInput, initItems, itemTraits, lookUp } from './items.ts';
import { dropoutRate, itemInput, tiedWeights } from './option-checks.ts';
import { lastStep } from './window.ts';

/** Options of `gru4rec`. */
export interface Gru4recOptions {
  /** Dimension of item vectors and states. More: higher capacity, slower, overfits sooner. Default: 64. */
  width: number;
  /**
   * Variant of the gates and their initialization. `torch`: reset gate after the recurrent product. `tensorflow`: reset gate
   * before it, gate biases start at 1, Xavier-uniform weights, as in the code of SQN and SA2C. Default: `torch`.
   */
  gates: 'torch' | 'tensorflow';
  /** Dropout rate of the input vectors; 0 as in the original code. Higher regularizes more. Default: 0. */
  dropout: number;
  /**
   * Whether the supervised head shares the item table; `'bias'` adds a learned bias per item. Can help with sparse data or
   * repeated items; choose it on validation. Default: false.
   */
  tied: boolean | 'bias';
  /**
   * Supervised loss at every position of the window instead of only the last; multiplies the head's cost by L. Default:
   * false.
   */
  everyPosition: boolean;
  /** How item vectors use text: not at all, added to a learned vector, or as its initial value. See `ItemInput`. Default: `id`. */
  itemInput: ItemInput;
}

const schema: OptionsSchema<Gru4recOptions> = {
  width: option(whole(1), 64),
  gates: option(oneOf('torch', 'tensorflow'), 'torch'),
  dropout: option(dropoutRate, 0),
  tied: option(tiedWeights, false),
  everyPosition: option(flag, false),
  itemInput: option(itemInput, 'id'),
};

/**
 * One GRU layer (Hidasi et al., ICLR 2016) over the window. The state is the hidden state after `length` steps, h0 = 0,
 * h' = (1 - z) n + z h. Gates `torch`: n = tanh(W_in x + b_in + r (W_hn h + b_hn)), all weights uniform within
 * 1 / sqrt(size); `tensorflow`: n = tanh(W_in x + b_n + W_hn (r h)). An empty history is one step on the learned padding vector.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export const gru4rec: EncoderFactory<Gru4recOptions> = encoderFactory<Gru4recOptions>({
  type: 'gru4rec',
  schema,
  build: (o) => ({
    ...itemTraits(o),
    init: (key, shape, text) => ({
      ...initItems(key, shape, o.width, o.itemInput, text),
      ...gruCells[o.gates].init(key, o.width),
    }),
    encode: (params, histories, mode) => lastStep(tf.stack(run(params, histories, mode, o)), histories.length),
    encodeAll: (params, histories, mode) => tf.stack(run(params, histories, mode, o), 1) as tf.Tensor3D,
  }),
});

/** The hidden states [B, D] after each of the L steps. */
function run(
  params: Tensors,
  { items }: Histories,
  mode: Mode,
  { dropout, width, gates }: Gru4recOptions,
): tf.Tensor[] {
  const [rows, window] = items.shape as [number, number];
  // Steps are the first axis, so that each step is a contiguous slice.
  const x = drop(lookUp(params, tf.transpose(items), mode), dropout, mode, 'input');
  const products = linear(x, params['enc.gru.weight_ih_l0']!, params['enc.gru.bias_ih_l0']!);
  // A split into one part has no gradient in tfjs.
  const inputs = window === 1 ? [products] : tf.split(products, window, 0);
  const step = gruCells[gates].step(params);
  const states: tf.Tensor[] = [];
  let h: tf.Tensor = tf.zeros([rows, width]);
  for (const input of inputs) {
    h = step(tf.reshape(input, [rows, 3 * width]), h);
    states.push(h);
  }
  return states;
}
