import { linear, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { checkChoices, checkRanges } from '../checks.ts';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import { uniformValue } from '../init.ts';
import type { Histories, Mode } from '../types.ts';
import { drop } from './block.ts';
import { initItems, itemTraits, lookUp, type TextUse, textUses } from './items.ts';
import { lastStep } from './window.ts';

export interface Gru4recOptions {
  /** Columns of item vectors and states. Default 64. More: finer distinctions, dearer steps, sooner overfitted. */
  size: number;
  /** Share of the input values dropped. Default 0, as in the lineage. More regularises more. */
  dropout: number;
  /** Share the item table with the supervised head; `'bias'` adds a learned bias per item. Default false. Helps where items repeat or data are thin, hurts elsewhere: choose on validation. */
  tied: boolean | 'bias';
  /** Supervised loss at every position of the window instead of the last. Default false. True: more signal per row, at L times the head's cost. */
  everyPosition: boolean;
  /** Text in the item table; default `none`. See `TextUse`. */
  text: TextUse;
}

/**
 * One GRU layer (Hidasi et al., ICLR 2016) over the window; state = hidden state after `length` steps. The gates have the
 * PyTorch form: n = tanh(W_in x + b_in + r (W_hn h + b_hn)), h' = (1 - z) n + z h, h0 = 0, all weights uniform within
 * 1 / sqrt(size). An empty history is one step on the learned padding vector.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export const gru4rec: EncoderFactory<Gru4recOptions> = encoderFactory<Gru4recOptions>({
  type: 'gru4rec',
  defaults: { size: 64, dropout: 0, tied: false, everyPosition: false, text: 'none' },
  check(o) {
    checkRanges('gru4rec', o, { size: [1, Infinity, 'whole'], dropout: [0, 0.99] });
    checkChoices('gru4rec', o, { tied: [false, true, 'bias'], everyPosition: [false, true], text: textUses });
  },
  build: (o) => ({
    ...itemTraits(o),
    init(key, shape, text) {
      const shapes: Record<string, number[]> = {
        'enc.gru.weight_ih_l0': [3 * o.size, o.size],
        'enc.gru.weight_hh_l0': [3 * o.size, o.size],
        'enc.gru.bias_ih_l0': [3 * o.size],
        'enc.gru.bias_hh_l0': [3 * o.size],
      };
      const weights = Object.entries(shapes).map(
        ([name, dims]) => [name, uniformValue(key, name, dims, 1 / Math.sqrt(o.size))] as const,
      );
      return { ...initItems(key, shape, o.size, o.text, text), ...Object.fromEntries(weights) };
    },
    encode: (params, histories, mode) => lastStep(tf.stack(run(params, histories, mode, o)), histories.length),
    encodeAll: (params, histories, mode) => tf.stack(run(params, histories, mode, o), 1) as tf.Tensor3D,
  }),
});

/** The hidden states [B, D] after each of the L steps. */
function run(params: Tensors, { items }: Histories, mode: Mode, { dropout, size }: Gru4recOptions): tf.Tensor[] {
  const gru = (part: string) => params[`enc.gru.${part}`]!;
  const [rows, window] = items.shape as [number, number];
  // Steps outermost, so that each step is a contiguous slice.
  const x = drop(lookUp(params, items.transpose(), mode), dropout, mode, 'input');
  const inputs = tf.split(linear(x, gru('weight_ih_l0'), gru('bias_ih_l0')), window, 0);
  const states: tf.Tensor[] = [];
  let h: tf.Tensor = tf.zeros([rows, size]);
  for (const input of inputs) {
    const [xr, xz, xn] = tf.split(input.reshape([rows, 3 * size]), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const recurrent = linear(h, gru('weight_hh_l0'), gru('bias_hh_l0'));
    const [hr, hz, hn] = tf.split(recurrent, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const reset = tf.sigmoid(tf.add(xr, hr));
    const update = tf.sigmoid(tf.add(xz, hz));
    const candidate = tf.tanh(tf.add(xn, tf.mul(reset, hn)));
    h = tf.add(candidate, tf.mul(update, tf.sub(h, candidate)));
    states.push(h);
  }
  return states;
}
