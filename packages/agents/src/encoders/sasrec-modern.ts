import { flag, type OptionsSchema, option, whole } from '@lea/core';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import type { ItemInput } from './items.ts';
import { dropoutRate, itemInput, layerCount, tiedWeights } from './option-checks.ts';
import { checkHeads, transformer } from './transformer.ts';

/** Options of `sasrecModern`. */
export interface SasrecModernOptions {
  /** Dimension of item vectors and states. More: higher capacity, slower, overfits sooner. Default: 64. */
  width: number;
  /** Number of transformer blocks. More: deeper interactions, slower. Default: 2. */
  layers: number;
  /** Number of attention heads; must divide `width`. More: more attention patterns with fewer columns each. Default: 2. */
  heads: number;
  /** Width of the feed-forward layers as a multiple of `width`. More: higher capacity per block, slower. Default: 2. */
  mlpRatio: number;
  /**
   * Dropout rate of the input, in and after attention, and in the feed-forward layers. Lower it for large data.
   * Default: 0.3.
   */
  dropout: number;
  /** Whether the supervised head shares the item table; `'bias'` adds a learned bias per item. Default: true. */
  tied: boolean | 'bias';
  /**
   * Supervised loss at every position of the window, or only at the last one, which divides the head's cost by L.
   * Default: true.
   */
  everyPosition: boolean;
  /** How item vectors use text: not at all, added to a learned vector, or as its initial value. See `ItemInput`. Default: `id`. */
  itemInput: ItemInput;
}

const schema: OptionsSchema<SasrecModernOptions> = {
  width: option(whole(1), 64),
  layers: option(layerCount, 2),
  heads: option(whole(1), 2),
  mlpRatio: option(whole(1), 2),
  dropout: option(dropoutRate, 0.3),
  tied: option(tiedWeights, true),
  everyPosition: option(flag, true),
  itemInput: option(itemInput, 'id'),
};

/**
 * SASRec with a current architecture: pre-norm residual blocks with output projection and GELU, positions counted from the
 * newest event, output weights tied to the item table, supervised loss at every position. An empty history gives exactly
 * `enc.ln.bias`.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`; `encode`: `E_WINDOW`
 */
export const sasrecModern: EncoderFactory<SasrecModernOptions> = encoderFactory<SasrecModernOptions>({
  type: 'sasrec-modern',
  schema,
  check: (options) => checkHeads('sasrec-modern', options),
  build: (o) => transformer('sasrec-modern', { ...o, positions: 'recency', norm: 'pre', activation: 'gelu' }),
});
