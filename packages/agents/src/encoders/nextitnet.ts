import { fold } from '@lea/core';
import { layerNorm, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkChoices, checkCounts, checkRanges } from '../checks.ts';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import { filledValue, initNorm, truncatedNormalValue } from '../init.ts';
import type { Histories, Mode } from '../types.ts';
import { drop } from './block.ts';
import { convolution } from './convolution.ts';
import { initItems, itemTraits, lookUp, type TextUse, textUses } from './items.ts';
import { lastStep, validSlots } from './window.ts';

export interface NextitnetOptions {
  /** Columns of item vectors and states, and channels of every convolution. Default 64. More: finer distinctions, dearer steps, sooner overfitted. */
  size: number;
  /** A residual block per entry: its first convolution has this dilation, its second twice that. Default [1, 2, 1, 2, 1, 2]. More or larger ones see further back; each block costs two convolutions. */
  dilations: readonly number[];
  /** Taps of every convolution. Default 3. More see further back, at proportional cost; 1 sees single events only. */
  kernel: number;
  /** Share of values dropped at the input and at the end of each block, before its input is added. Default 0, as in the lineage. More regularises more. */
  dropout: number;
  /** Share the item table with the supervised head; `'bias'` adds a learned bias per item. Default false. Helps where items repeat or data are thin, hurts elsewhere: choose on validation. */
  tied: boolean | 'bias';
  /** Supervised loss at every position of the window instead of the last. Default false. True: more signal per row, at L times the head's cost. */
  everyPosition: boolean;
  /** Text in the item table; default `none`. See `TextUse`. */
  text: TextUse;
}

/**
 * Dilated causal convolutions (Yuan et al., WSDM 2019) in the form of the SQN/SNQN code: residual blocks
 * x + relu(LN(conv(relu(LN(conv(x)))))), the second convolution at twice the dilation of the first; padding is zeroed
 * before the stack and after every block; state at the last event. Layer norms have eps 1e-8. An empty history gives zeros.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export const nextitnet: EncoderFactory<NextitnetOptions> = encoderFactory<NextitnetOptions>({
  type: 'nextitnet',
  defaults: {
    size: 64,
    dilations: [1, 2, 1, 2, 1, 2],
    kernel: 3,
    dropout: 0,
    tied: false,
    everyPosition: false,
    text: 'none',
  },
  check(o) {
    checkRanges('nextitnet', o, { size: [1, Infinity, 'whole'], kernel: [1, Infinity, 'whole'], dropout: [0, 0.99] });
    checkCounts('nextitnet', 'dilations', o.dilations);
    checkChoices('nextitnet', o, { tied: [false, true, 'bias'], everyPosition: [false, true], text: textUses });
  },
  build: (o) => ({
    ...itemTraits(o),
    init(key, shape, text) {
      const blocks = o.dilations.map((_, i) => {
        const name = `enc.blocks.${i}`;
        const convolutions = ['conv1', 'conv2'].map((part) => ({
          [`${name}.${part}.weight`]: truncatedNormalValue(fold(key, name), part, [o.size, o.size, o.kernel], 0.02),
          [`${name}.${part}.bias`]: filledValue([o.size], 0),
        }));
        return Object.assign({}, ...convolutions, initNorm(`${name}.ln1`, o.size), initNorm(`${name}.ln2`, o.size));
      });
      return { ...initItems(key, shape, o.size, o.text, text), ...Object.assign({}, ...blocks) };
    },
    encode: (params, histories, mode) => lastStep(run(params, histories, mode, o), histories.length),
    encodeAll: (params, histories, mode) => tf.transpose(run(params, histories, mode, o), [1, 0, 2]) as tf.Tensor3D,
  }),
});

/** The output [L, B, D] of the last block. */
function run(params: Tensors, histories: Histories, mode: Mode, { dilations, dropout }: NextitnetOptions): tf.Tensor {
  const valid = tf.expandDims(tf.transpose(validSlots(histories, params['emb.weight']!.shape[0]! - 1)), -1);
  let x = drop(tf.mul(lookUp(params, tf.transpose(histories.items), mode), valid), dropout, mode, 'input');
  for (const [i, dilation] of dilations.entries()) {
    const at = (part: string) => params[`enc.blocks.${i}.${part}`]!;
    const layer = (y: tf.Tensor, n: 1 | 2) => {
      const z = convolution(y, at(`conv${n}.weight`), at(`conv${n}.bias`), n * dilation);
      return tf.relu(layerNorm(z, at(`ln${n}.weight`), at(`ln${n}.bias`)));
    };
    const y = drop(layer(layer(x, 1), 2), dropout, mode, `enc.blocks.${i}`);
    x = tf.mul(tf.add(x, y), valid);
  }
  return x;
}
