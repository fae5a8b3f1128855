import { LeaError, withDefaults } from '@lea/core';
import { embedding, layerNorm, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { checkChoices, checkRanges } from '../checks.ts';
import { initNorm, normalValue } from '../init.ts';
import type { Encoder, Histories, Mode } from '../types.ts';
import { blockAll, blockLast, drop, initBlock } from './block.ts';
import { initItems, itemTable, itemTraits, lookUp, type TextUse, textUses } from './items.ts';
import { lastPosition, validSlots } from './window.ts';

export interface SasrecOptions {
  /** Columns of item vectors and states. Default 64. More: finer distinctions, dearer steps, sooner overfitted. */
  size: number;
  /** Transformer blocks. Default 1. Only the last position of the last one is computed, earlier ones cost the whole window. */
  blocks: number;
  /** Attention heads; must divide `size`. Default 1. */
  heads: number;
  /** Share of values dropped at the input, in the attention weights and twice in the feed-forward part. Default 0.1; .3 suits the strong form. */
  dropout: number;
  /** Position 0 is the first slot of the window (`slot`, as in the lineage, default) or the newest event (`recency`). */
  positions: 'slot' | 'recency';
  /** Share the item table with the supervised head; `'bias'` adds a learned bias per item. Default false. Helps where items repeat or data are thin, hurts elsewhere: choose on validation. */
  tied: boolean | 'bias';
  /** Supervised loss at every position of the window instead of the last. Default false. */
  everyPosition: boolean;
  /** `lineage` (default): query LN(x), keys and values x, residual LN(x), no output projection. `pre`: the ordinary pre-norm block with output projection. */
  norm: 'lineage' | 'pre';
  /** Of the feed-forward part. Default `relu`. */
  activation: 'relu' | 'gelu';
  /** Width of the feed-forward part in multiples of `size`. Default 1. */
  inner: number;
  /** Text in the item table; default `none`. See `TextUse`. */
  text: TextUse;
}

const defaults: SasrecOptions = {
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
};

/** Options of a strong backbone, to be spread: `sasrec({ ...strong, text: 'project' })`. */
export const strong: Partial<SasrecOptions> = {
  blocks: 2,
  heads: 2,
  dropout: 0.3,
  positions: 'recency',
  tied: true,
  norm: 'pre',
  activation: 'gelu',
  inner: 2,
};

/**
 * Self-attentive encoder (Kang & McAuley, ICDM 2018) in the form of the SQN/SNQN code: x = item + position, no sqrt(d)
 * scale; attention with query LN(x) over the raw x; residuals on the normed input; final LN; state at the last event.
 * Layer norms have eps 1e-8. An empty history gives exactly `enc.ln.bias`, whatever the other weights.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function sasrec(options: Partial<SasrecOptions> = {}): Encoder {
  const o = withDefaults('sasrec', defaults, options);
  const count = [1, Infinity, 'whole'] as const;
  checkRanges('sasrec', o, { size: count, blocks: count, heads: count, inner: count, dropout: [0, 0.99] });
  checkChoices('sasrec', o, {
    positions: ['slot', 'recency'],
    tied: [false, true, 'bias'],
    everyPosition: [false, true],
    norm: ['lineage', 'pre'],
    activation: ['relu', 'gelu'],
    text: textUses,
  });
  if (o.size % o.heads !== 0) {
    throw new LeaError('E_OPTION_VALUE', `sasrec: size ${o.size} cannot be split over that many heads.`, {
      value: o.heads,
      hint: 'heads must divide size.',
    });
  }
  const names = Array.from({ length: o.blocks }, (_, i) => `enc.blocks.${i}`);
  const finalNorm = (params: Tensors, x: tf.Tensor) =>
    layerNorm(x, params['enc.ln.weight']!, params['enc.ln.bias']!, 1e-8);

  const start = (params: Tensors, histories: Histories, mode: Mode) => {
    const x = tf.add(
      lookUp(params, histories.items, mode),
      positionVectors(params['enc.pos']!, histories, o.positions),
    );
    return { x: drop(x, o.dropout, mode, 'input'), valid: validSlots(histories, params['emb.weight']!.shape[0]! - 1) };
  };

  return {
    name: 'sasrec',
    config: { type: 'sasrec', ...o },
    ...itemTraits(o),
    init: (key, shape, text) => ({
      ...initItems(key, shape, o.size, o.text, text),
      'enc.pos': normalValue(key, 'enc.pos', [shape.window, o.size], 0.01),
      ...Object.assign({}, ...names.map((name) => initBlock(key, name, o))),
      ...initNorm('enc.ln', o.size),
    }),
    encode(params, histories, mode) {
      let { x, valid } = start(params, histories, mode);
      for (const name of names.slice(0, -1)) x = blockAll({ params, name, options: o, mode }, x, valid);
      const block = { params, name: names.at(-1)!, options: o, mode };
      const last = blockLast(block, x, histories.length, valid);
      const real = lastPosition(valid.expandDims(-1), histories.length);
      return finalNorm(params, tf.mul(last, real)) as tf.Tensor2D;
    },
    encodeAll(params, histories, mode) {
      let { x, valid } = start(params, histories, mode);
      for (const name of names) x = blockAll({ params, name, options: o, mode }, x, valid);
      return finalNorm(params, tf.mul(x, valid.expandDims(-1))) as tf.Tensor3D;
    },
    itemTable,
  };
}

/** [L, D] or, for recency, [B, L, D]; what padding gets does not matter, it is masked. */
function positionVectors(table: tf.Tensor, { items, length }: Histories, positions: 'slot' | 'recency'): tf.Tensor {
  const window = items.shape[1]!;
  if (positions === 'slot') {
    return window === table.shape[0] ? table : tf.slice(table, [0, 0], [window, table.shape[1]!]);
  }
  const slots = tf.range(1, window + 1, 1, 'int32').reshape([1, window]);
  return embedding(table, tf.maximum(tf.sub(length.reshape([-1, 1]), slots), tf.scalar(0, 'int32')));
}
