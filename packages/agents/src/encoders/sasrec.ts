import { checkChoices } from '../checks.ts';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import type { TextUse } from './items.ts';
import { checkTransformer, transformer } from './transformer.ts';

export interface SasrecOptions {
  /** Columns of item vectors and states. Default 64. More: finer distinctions, dearer steps, sooner overfitted. */
  size: number;
  /** Transformer blocks. Default 1. More: longer chains of dependence, dearer steps. Only the last position of the last one is computed, earlier ones cost the whole window. */
  blocks: number;
  /** Attention heads; must divide `size`. Default 1. More: more patterns side by side, each of fewer columns. */
  heads: number;
  /** Share of values dropped at the input, in the attention weights and twice in the feed-forward part. Default 0.1. More regularises more. */
  dropout: number;
  /** Position 0 is the first slot of the window (`slot`, as in the lineage, default) or the newest event (`recency`). */
  positions: 'slot' | 'recency';
  /** Share the item table with the supervised head; `'bias'` adds a learned bias per item. Default false. Helps where items repeat or data are thin, hurts elsewhere: choose on validation. */
  tied: boolean | 'bias';
  /** Supervised loss at every position of the window instead of the last. Default false. True: more signal per row, at L times the head's cost. */
  everyPosition: boolean;
  /** `lineage` (default): query LN(x), keys and values x, residual LN(x), no output projection. `pre`: the ordinary pre-norm block with output projection. */
  norm: 'lineage' | 'pre';
  /** Of the feed-forward part. Default `relu`; `gelu` is smooth and somewhat dearer. */
  activation: 'relu' | 'gelu';
  /** Width of the feed-forward part in multiples of `size`. Default 1. More: more capacity per block, dearer steps. */
  inner: number;
  /** Text in the item table; default `none`. See `TextUse`. */
  text: TextUse;
}

/**
 * Self-attentive encoder (Kang & McAuley, ICDM 2018) in the form of the SQN/SNQN code: x = item + position, no sqrt(d)
 * scale; attention with query LN(x) over the raw x; residuals on the normed input; final LN; state at the last event.
 * Layer norms have eps 1e-8. An empty history gives exactly `enc.ln.bias`, whatever the other weights.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`; `encode`: `E_WINDOW`
 */
export const sasrec: EncoderFactory<SasrecOptions> = encoderFactory<SasrecOptions>({
  type: 'sasrec',
  defaults: {
    size: 64,
    blocks: 1,
    heads: 1,
    dropout: 0.1,
    positions: 'slot',
    tied: false,
    everyPosition: false,
    norm: 'lineage',
    activation: 'relu',
    inner: 1,
    text: 'none',
  },
  check(o) {
    checkTransformer('sasrec', o);
    checkChoices('sasrec', o, {
      positions: ['slot', 'recency'],
      norm: ['lineage', 'pre'],
      activation: ['relu', 'gelu'],
    });
  },
  build: (o) => transformer('sasrec', o),
});
