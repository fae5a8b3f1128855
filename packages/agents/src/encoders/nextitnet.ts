import { counts, flag, fold, type OptionsSchema, option, whole } from '@lea/core';
import { causalConvolution, layerNorm, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import { filledValue, initNorm, truncatedNormalValue } from '../init.ts';
import type { Histories, Mode } from '../types.ts';
import { drop } from './block.ts';
import { type ItemInput, initItems, itemTraits, lookUp } from './items.ts';
import { dropoutRate, itemInput, tiedWeights } from './option-checks.ts';
import { lastStep, validPositions } from './window.ts';

/** Options of `nextitnet`. */
export interface NextitnetOptions {
  /**
   * Dimension of item vectors and states, and channels of all convolutions. More: higher capacity, slower, overfits
   * sooner. Default: 64.
   */
  width: number;
  /**
   * One residual block per entry: its first convolution has this dilation, the second twice as much. More or larger entries see
   * further back; each block costs two convolutions. Default: [1, 2, 1, 2, 1, 2].
   */
  dilations: readonly number[];
  /**
   * Kernel size of all convolutions. Larger: sees further back at proportional cost; 1 sees single events only.
   * Default: 3.
   */
  kernelSize: number;
  /** Dropout rate of the input and of each block's output before the residual; 0 as in the original code. Default: 0. */
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

const schema: OptionsSchema<NextitnetOptions> = {
  width: option(whole(1), 64),
  dilations: option(counts, [1, 2, 1, 2, 1, 2]),
  kernelSize: option(whole(1), 3),
  dropout: option(dropoutRate, 0),
  tied: option(tiedWeights, false),
  everyPosition: option(flag, false),
  itemInput: option(itemInput, 'id'),
};

/**
 * NextItNet, dilated causal convolutions (Yuan et al., WSDM 2019) as in the SQN/SNQN code: residual blocks
 * x + relu(LN(conv(relu(LN(conv(x)))))), where the second convolution has twice the dilation of the first. Padding is zeroed
 * before the stack and after every block. The state is the output at the last event. Layer norms have eps 1e-8. An empty
 * history gives zeros.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export const nextitnet: EncoderFactory<NextitnetOptions> = encoderFactory<NextitnetOptions>({
  type: 'nextitnet',
  schema,
  build: (o) => ({
    ...itemTraits(o),
    init(key, shape, text) {
      const blocks = o.dilations.map((_, i) => {
        const name = `enc.blocks.${i}`;
        const convolutions = ['conv1', 'conv2'].map((part) => ({
          [`${name}.${part}.weight`]: truncatedNormalValue(
            fold(key, name),
            part,
            [o.width, o.width, o.kernelSize],
            0.02,
          ),
          [`${name}.${part}.bias`]: filledValue([o.width], 0),
        }));
        return Object.assign({}, ...convolutions, initNorm(`${name}.ln1`, o.width), initNorm(`${name}.ln2`, o.width));
      });
      return { ...initItems(key, shape, o.width, o.itemInput, text), ...Object.assign({}, ...blocks) };
    },
    encode: (params, histories, mode) => lastStep(run(params, histories, mode, o), histories.length),
    encodeAll: (params, histories, mode) => tf.transpose(run(params, histories, mode, o), [1, 0, 2]) as tf.Tensor3D,
  }),
});

/** The output [L, B, D] of the last block. */
function run(params: Tensors, histories: Histories, mode: Mode, { dilations, dropout }: NextitnetOptions): tf.Tensor {
  const valid = tf.expandDims(tf.transpose(validPositions(histories, params['emb.weight']!.shape[0]! - 1)), -1);
  let x = drop(tf.mul(lookUp(params, tf.transpose(histories.items), mode), valid), dropout, mode, 'input');
  for (const [i, dilation] of dilations.entries()) {
    const at = (part: string) => params[`enc.blocks.${i}.${part}`]!;
    const layer = (y: tf.Tensor, n: 1 | 2) => {
      const z = causalConvolution(y, at(`conv${n}.weight`), at(`conv${n}.bias`), n * dilation);
      return tf.relu(layerNorm(z, at(`ln${n}.weight`), at(`ln${n}.bias`)));
    };
    const y = drop(layer(layer(x, 1), 2), dropout, mode, `enc.blocks.${i}`);
    x = tf.mul(tf.add(x, y), valid);
  }
  return x;
}
