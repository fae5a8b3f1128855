import { counts, flag, LeaError, type OptionsSchema, option, whole } from '@lea/core';
import { amax, causalConvolution } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import { filledValue, truncatedNormalValue } from '../init.ts';
import { drop } from './block.ts';
import { type ItemInput, initItems, itemTraits, lookUp } from './items.ts';
import { dropoutRate, itemInput } from './option-checks.ts';
import { checkWindow, padSteps, validPositions } from './window.ts';

/** Options of `caser`. */
export interface CaserOptions {
  /** Dimension of item vectors. More: higher capacity, slower, overfits sooner. Default: 64. */
  width: number;
  /** Number of horizontal filters per height. More: more patterns of consecutive items, a wider state. Default: 16. */
  filters: number;
  /**
   * Heights of the horizontal filters, in events; at most the window. Higher filters see longer patterns, and each height adds
   * `filters` columns to the state. Default: [2, 3, 4].
   */
  heights: readonly number[];
  /** Dropout rate of the state; 0.1 as in the papers and the SA2C code, while the SQN code has 0. Default: 0.1. */
  dropout: number;
  /** Supervised loss at every position of the window instead of only the last; costs a pass per position. Default: false. */
  everyPosition: boolean;
  /** How item vectors use text: not at all, added to a learned vector, or as its initial value. See `ItemInput`. Default: `id`. */
  itemInput: ItemInput;
}

const schema: OptionsSchema<CaserOptions> = {
  width: option(whole(1), 64),
  filters: option(whole(1), 16),
  heights: option(counts, [2, 3, 4]),
  dropout: option(dropoutRate, 0.1),
  everyPosition: option(flag, false),
  itemInput: option(itemInput, 'id'),
};

/**
 * Caser, convolutional sequence embedding (Tang & Wang, WSDM 2018) as in the SQN/SNQN code, without user vectors: the
 * window is an image E [L, size], zero at padding. Horizontal filters of height h span all columns: max over time of
 * relu(F * E + b); one vertical filter spans all L slots: relu(sum_l v_l E_l + b). The state is their concatenation,
 * `filters` x heights + `width` columns, so the output weights cannot be tied to the item table. An empty history gives
 * relu of the biases. Windows shorter than that of the parameters are padded.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`; `init` and `encode`: `E_WINDOW`
 */
export const caser: EncoderFactory<CaserOptions> = encoderFactory<CaserOptions>({
  type: 'caser',
  schema,
  build: (o) => ({
    ...itemTraits({ ...o, tied: false }),
    outputSize: o.filters * o.heights.length + o.width,
    init(key, shape, text) {
      const highest = Math.max(...o.heights);
      if (highest > shape.window) {
        throw new LeaError('E_WINDOW', `caser: heights must not exceed the window of ${shape.window}.`, {
          value: highest,
          hint: 'Lower the heights or widen the window.',
        });
      }
      const weight = (name: string, dims: number[]) => ({
        [`${name}.weight`]: truncatedNormalValue(key, `${name}.weight`, dims, 0.1),
        [`${name}.bias`]: filledValue([dims[0]!], 0.1),
      });
      return {
        ...initItems(key, shape, o.width, o.itemInput, text),
        ...Object.assign({}, ...o.heights.map((height, i) => weight(`enc.h.${i}`, [o.filters, o.width, height]))),
        ...weight('enc.v', [1, shape.window, 1]),
      };
    },
    encode(params, histories, mode) {
      const window = params['enc.v.weight']!.shape[1]!;
      checkWindow('caser', histories, window);
      const valid = validPositions(histories, params['emb.weight']!.shape[0]! - 1);
      const events = tf.mul(
        lookUp(params, tf.transpose(histories.items), mode),
        tf.expandDims(tf.transpose(valid), -1),
      );
      const image = padSteps(events, window - events.shape[0]!);
      // relu after the maximum gives the same values and gradients as before it, with fewer operations.
      const patterns = o.heights.map((height, i) => {
        const sums = causalConvolution(image, params[`enc.h.${i}.weight`]!, params[`enc.h.${i}.bias`]!);
        return amax(tf.slice(sums, [height - 1, 0, 0]), 0);
      });
      const positions = tf.mul(image, tf.reshape(params['enc.v.weight']!, [window, 1, 1]));
      const columns = tf.add(tf.sum(positions, 0), params['enc.v.bias']!);
      return drop(tf.relu(tf.concat([...patterns, columns], 1)), o.dropout, mode, 'state') as tf.Tensor2D;
    },
  }),
});
