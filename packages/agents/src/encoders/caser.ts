import { LeaError } from '@lea/core';
import { amax } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkChoices, checkCounts, checkRanges } from '../checks.ts';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import { filledValue, truncatedNormalValue } from '../init.ts';
import { drop } from './block.ts';
import { convolution } from './convolution.ts';
import { initItems, itemTraits, lookUp, type TextUse, textUses } from './items.ts';
import { checkWindow, padSteps, validSlots } from './window.ts';

export interface CaserOptions {
  /** Columns of item vectors. Default 64. More: finer distinctions, dearer steps, sooner overfitted. */
  size: number;
  /** Horizontal filters of each height. Default 16. More: more patterns of consecutive items, a wider state. */
  filters: number;
  /** Heights of the horizontal filters, in events; none may exceed the window. Default [2, 3, 4]. Higher ones see longer patterns, each adds `filters` columns to the state. */
  heights: readonly number[];
  /** Share of the state's columns dropped. Default 0.1, as the papers say and the SA2C code does; 0 is what the SQN code computes. More regularises more. */
  dropout: number;
  /** Supervised loss at every position of the window instead of the last. Default false. Costs a pass per position. */
  everyPosition: boolean;
  /** Text in the item table; default `none`. See `TextUse`. */
  text: TextUse;
}

/**
 * Convolutional sequence embedding (Tang & Wang, WSDM 2018) in the form of the SQN/SNQN code, without user vectors: the
 * window is an image E [L, size], zero at padding. Horizontal filters of height h span all columns: max over time of
 * relu(F * E + b); one vertical filter spans all L slots: relu(sum_l v_l E_l + b). The state is their concatenation,
 * `filters` x heights + `size` columns, so the output weights cannot be tied to the item table. An empty history gives
 * relu of the biases. Windows of fewer slots than the parameters' are read as padded to it.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`; `init` and `encode`: `E_WINDOW`
 */
export const caser: EncoderFactory<CaserOptions> = encoderFactory<CaserOptions>({
  type: 'caser',
  defaults: { size: 64, filters: 16, heights: [2, 3, 4], dropout: 0.1, everyPosition: false, text: 'none' },
  check(o) {
    checkRanges('caser', o, { size: [1, Infinity, 'whole'], filters: [1, Infinity, 'whole'], dropout: [0, 0.99] });
    checkCounts('caser', 'heights', o.heights);
    checkChoices('caser', o, { everyPosition: [false, true], text: textUses });
  },
  build: (o) => ({
    ...itemTraits({ ...o, tied: false }),
    outputSize: o.filters * o.heights.length + o.size,
    init(key, shape, text) {
      const highest = Math.max(...o.heights);
      if (highest > shape.window) {
        throw new LeaError('E_WINDOW', `caser: no filter may be higher than the window of ${shape.window}.`, {
          value: highest,
          hint: 'Lower heights or widen the window.',
        });
      }
      const weight = (name: string, dims: number[]) => ({
        [`${name}.weight`]: truncatedNormalValue(key, `${name}.weight`, dims, 0.1),
        [`${name}.bias`]: filledValue([dims[0]!], 0.1),
      });
      return {
        ...initItems(key, shape, o.size, o.text, text),
        ...Object.assign({}, ...o.heights.map((height, i) => weight(`enc.h.${i}`, [o.filters, o.size, height]))),
        ...weight('enc.v', [1, shape.window, 1]),
      };
    },
    encode(params, histories, mode) {
      const window = params['enc.v.weight']!.shape[1]!;
      checkWindow('caser', histories, window);
      const valid = validSlots(histories, params['emb.weight']!.shape[0]! - 1);
      const events = tf.mul(
        lookUp(params, tf.transpose(histories.items), mode),
        tf.expandDims(tf.transpose(valid), -1),
      );
      const image = padSteps(events, 0, window - events.shape[0]!);
      // relu after the maximum: the same numbers and gradients as before it, on fewer of them.
      const patterns = o.heights.map((height, i) => {
        const sums = convolution(image, params[`enc.h.${i}.weight`]!, params[`enc.h.${i}.bias`]!);
        return amax(tf.slice(sums, [height - 1, 0, 0]), 0);
      });
      const slots = tf.mul(image, tf.reshape(params['enc.v.weight']!, [window, 1, 1]));
      const columns = tf.add(tf.sum(slots, 0), params['enc.v.bias']!);
      return drop(tf.relu(tf.concat([...patterns, columns], 1)), o.dropout, mode, 'state') as tf.Tensor2D;
    },
  }),
});
