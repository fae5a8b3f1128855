import { flag, type OptionsSchema, oneOf, option, whole } from '@lea/core';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import type { ItemInput } from './items.ts';
import { dropoutRate, itemInput, layerCount, tiedWeights } from './option-checks.ts';
import { checkHeads, transformer } from './transformer.ts';

/** Options of `sasrec`. */
export interface SasrecOptions {
  /** Dimension of item vectors and states. More: higher capacity, slower, overfits sooner. Default: 64. */
  width: number;
  /**
   * Number of transformer blocks. More: deeper interactions, slower. The last block is computed at the last position only,
   * earlier blocks at the whole window. Default: 1.
   */
  layers: number;
  /** Number of attention heads; must divide `width`. More: more attention patterns with fewer columns each. Default: 1. */
  heads: number;
  /** Dropout rate of the input, the attention weights and the feed-forward layers. Higher regularizes more. Default: 0.1. */
  dropout: number;
  /**
   * Whether position 0 is the first slot of the window (`slot`, as in the original code) or the newest event
   * (`recency`). Default: `slot`.
   */
  positions: 'slot' | 'recency';
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
  /**
   * Block structure. `original-code` (the original code): query LN(x), keys and values x, residual LN(x), no output projection. `pre`:
   * standard pre-norm block with output projection. Default: `original-code`.
   */
  norm: 'original-code' | 'pre';
  /** Activation of the feed-forward layers; `gelu` is smooth and somewhat slower. Default: `relu`. */
  activation: 'relu' | 'gelu';
  /** Width of the feed-forward layers as a multiple of `width`. More: higher capacity per block, slower. Default: 1. */
  mlpRatio: number;
  /** How item vectors use text: not at all, added to a learned vector, or as its initial value. See `ItemInput`. Default: `id`. */
  itemInput: ItemInput;
}

const schema: OptionsSchema<SasrecOptions> = {
  width: option(whole(1), 64),
  layers: option(layerCount, 1),
  heads: option(whole(1), 1),
  dropout: option(dropoutRate, 0.1),
  positions: option(oneOf('slot', 'recency'), 'slot'),
  tied: option(tiedWeights, false),
  everyPosition: option(flag, false),
  norm: option(oneOf('original-code', 'pre'), 'original-code'),
  activation: option(oneOf('relu', 'gelu'), 'relu'),
  mlpRatio: option(whole(1), 1),
  itemInput: option(itemInput, 'id'),
};

/**
 * SASRec, the self-attentive encoder (Kang & McAuley, ICDM 2018) as in the SQN/SNQN code: x = item + position without a
 * sqrt(d) scale; attention with query LN(x) over the raw x; residuals on the normalized input; final LN; the state is the
 * output at the last event. Layer norms have eps 1e-8. An empty history gives exactly `enc.ln.bias`.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`; `encode`: `E_WINDOW`
 */
export const sasrec: EncoderFactory<SasrecOptions> = encoderFactory<SasrecOptions>({
  type: 'sasrec',
  schema,
  check: (options) => checkHeads('sasrec', options),
  build: (o) => transformer('sasrec', o),
});
