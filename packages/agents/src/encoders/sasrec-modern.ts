import { type EncoderFactory, encoderFactory } from '../define.ts';
import type { TextUse } from './items.ts';
import { checkTransformer, transformer } from './transformer.ts';

export interface SasrecModernOptions {
  /** Columns of item vectors and states. Default 64. More: finer distinctions, dearer steps, sooner overfitted. */
  size: number;
  /** Transformer blocks. Default 2. More: longer chains of dependence, dearer steps; each costs the whole window. */
  blocks: number;
  /** Attention heads; must divide `size`. Default 2. More: more patterns side by side, each of fewer columns. */
  heads: number;
  /** Width of the feed-forward part in multiples of `size`. Default 2. More: more capacity per block, dearer steps. */
  inner: number;
  /** Share of values dropped at the input, in and after the attention and twice in the feed-forward part. Default 0.3. More regularises more; lower it where data are plenty. */
  dropout: number;
  /** Share the item table with the supervised head; `'bias'` adds a learned bias per item, false gives the head weights of its own. Default true. */
  tied: boolean | 'bias';
  /** Supervised loss at every position of the window (default) or, with false, at the last one: less signal per row, at an L-th of the head's cost. */
  everyPosition: boolean;
  /** Text in the item table; default `none`. See `TextUse`. */
  text: TextUse;
}

/**
 * The self-attentive encoder as it is built today: pre-norm residual blocks with output projection and GELU, positions
 * counted from the newest event, output weights shared with the item table, supervised loss at every position. An empty
 * history gives exactly `enc.ln.bias`.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`; `encode`: `E_WINDOW`
 */
export const sasrecModern: EncoderFactory<SasrecModernOptions> = encoderFactory<SasrecModernOptions>({
  type: 'sasrec-modern',
  defaults: {
    size: 64,
    blocks: 2,
    heads: 2,
    inner: 2,
    dropout: 0.3,
    tied: true,
    everyPosition: true,
    text: 'none',
  },
  check: (o) => checkTransformer('sasrec-modern', o),
  build: (o) => transformer('sasrec-modern', { ...o, positions: 'recency', norm: 'pre', activation: 'gelu' }),
});
