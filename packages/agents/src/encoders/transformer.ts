import { LeaError } from '@lea/core';
import { embedding, layerNorm, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderParts } from '../define.ts';
import { initNorm, normalValue } from '../init.ts';
import type { Encoder, Histories, Mode } from '../types.ts';
import { type BlockOptions, blockAll, blockLast, drop, initBlock } from './block.ts';
import { type ItemInput, initItems, itemTraits, lookUp } from './items.ts';
import { checkWindow, lastPosition, validPositions } from './window.ts';

/** Options of all self-attentive encoders. */
export interface TransformerOptions extends BlockOptions {
  readonly layers: number;
  readonly positions: 'slot' | 'recency';
  readonly tied: Encoder['tied'];
  readonly everyPosition: boolean;
  readonly itemInput: ItemInput;
}

/** @throws LeaError `E_OPTION_VALUE` */
export function checkHeads(where: string, { width, heads }: Pick<TransformerOptions, 'width' | 'heads'>): void {
  if (width % heads === 0) return;
  throw new LeaError('E_OPTION_VALUE', `${where}: heads must divide width ${width}.`, {
    value: heads,
    hint: 'Choose another number of heads.',
  });
}

/**
 * Item plus position vectors, dropout, causal self-attention blocks and a final norm. Padding is zeroed before that
 * norm.
 */
export function transformer(where: string, o: TransformerOptions): EncoderParts {
  const names = Array.from({ length: o.layers }, (_, i) => `enc.blocks.${i}`);
  const finalNorm = (params: Tensors, x: tf.Tensor) =>
    layerNorm(x, params['enc.ln.weight']!, params['enc.ln.bias']!, 1e-8);

  const start = (params: Tensors, histories: Histories, mode: Mode) => {
    const table = params['enc.pos']!;
    checkWindow(where, histories, table.shape[0]!);
    const x = tf.add(lookUp(params, histories.items, mode), positionVectors(table, histories, o.positions));
    return {
      x: drop(x, o.dropout, mode, 'input'),
      valid: validPositions(histories, params['emb.weight']!.shape[0]! - 1),
    };
  };

  return {
    ...itemTraits(o),
    init: (key, shape, text) => ({
      ...initItems(key, shape, o.width, o.itemInput, text),
      'enc.pos': normalValue(key, 'enc.pos', [shape.window, o.width], 0.01),
      ...Object.assign({}, ...names.map((name) => initBlock(key, name, o))),
      ...initNorm('enc.ln', o.width),
    }),
    encode(params, histories, mode) {
      let { x, valid } = start(params, histories, mode);
      for (const name of names.slice(0, -1)) x = blockAll({ params, name, options: o, mode }, x, valid);
      const block = { params, name: names.at(-1)!, options: o, mode };
      const last = blockLast(block, x, histories.length, valid);
      const real = lastPosition(tf.expandDims(valid, -1), histories.length);
      return finalNorm(params, tf.mul(last, real)) as tf.Tensor2D;
    },
    encodeAll(params, histories, mode) {
      let { x, valid } = start(params, histories, mode);
      for (const name of names) x = blockAll({ params, name, options: o, mode }, x, valid);
      return finalNorm(params, tf.mul(x, tf.expandDims(valid, -1))) as tf.Tensor3D;
    },
  };
}

/** [L, D] or, for recency, [B, L, D]; the vectors at padding do not matter because padding is masked. */
function positionVectors(table: tf.Tensor, { items, length }: Histories, positions: 'slot' | 'recency'): tf.Tensor {
  const window = items.shape[1]!;
  if (positions === 'slot') {
    return window === table.shape[0] ? table : tf.slice(table, [0, 0], [window, table.shape[1]!]);
  }
  const slots = tf.reshape(tf.range(1, window + 1, 1, 'int32'), [1, window]);
  return embedding(table, tf.maximum(tf.sub(tf.reshape(length, [-1, 1]), slots), tf.scalar(0, 'int32')));
}
