import { type Key, LeaError } from '@lea/core';
import { embedding, linear, type Tensors, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { normalValue, uniformValue } from '../init.ts';
import type { Encoder, Mode, Shape } from '../types.ts';
import { whiten } from './whiten.ts';

/**
 * How an item's vector uses text:
 * - `id`: a learned vector per item, without text;
 * - `id+text`: the learned vector plus a learned projection of the item's frozen text vector (needed in every pass);
 * - `text-init`: a learned vector that is initialized with the whitened text vector (text is needed only for `init`).
 */
export type ItemInput = 'id' | 'id+text' | 'text-init';

/**
 * Initial item parameters: `emb.weight` [N+1, size] (last row: padding), N(0, 0.01) as in the original code; with `id+text` also
 * `emb.text.weight` [size, textSize].
 *
 * @throws LeaError `E_TEXT_MISSING`, `E_TEXT_SHAPE`
 */
export function initItems(key: Key, shape: Shape, size: number, use: ItemInput, text?: Value): Values {
  const table = normalValue(key, 'emb.weight', [shape.items + 1, size], 0.01);
  if (use === 'text-init') {
    if (!text) throw missingText("itemInput: 'text-init'", 'init(key, shape, text)');
    if (text.shape[0] !== shape.items) {
      throw new LeaError('E_TEXT_SHAPE', 'Expected one text vector per item.', {
        value: text.shape,
        hint: `Expected shape [${shape.items}, any].`,
      });
    }
    table.data.set(whiten(text, size));
  }
  if (use !== 'id+text') return { 'emb.weight': table };
  if (!shape.textSize) throw missingText("itemInput: 'id+text'", 'shape.textSize');
  const bound = Math.sqrt(6 / (size + shape.textSize));
  const weight = uniformValue(key, 'emb.text.weight', [size, shape.textSize], bound);
  return { 'emb.weight': table, 'emb.text.weight': weight };
}

/** Vectors [..., size] of item ids; the padding id has a learned vector and no text. */
export function lookUp(params: Tensors, ids: tf.Tensor, mode: Mode): tf.Tensor {
  const free = embedding(params['emb.weight']!, ids);
  const weight = params['emb.text.weight'];
  if (!weight) return free;
  const text = neededText(mode.text);
  const items = tf.scalar(text.shape[0]!, 'int32');
  const rows = embedding(text, tf.minimum(ids, tf.sub(items, tf.scalar(1, 'int32'))));
  const isItem = tf.expandDims(tf.cast(tf.less(ids, items), 'float32'), -1);
  return tf.add(free, tf.mul(linear(rows, weight), isItem));
}

/** Vectors of all items [N, size], without padding. */
export function itemTable(params: Tensors, text?: tf.Tensor): tf.Tensor2D {
  const table = params['emb.weight']!;
  const [rows, size] = table.shape as [number, number];
  const free = tf.slice(table as tf.Tensor2D, [0, 0], [rows - 1, size]);
  const weight = params['emb.text.weight'];
  return weight ? tf.add(free, linear(neededText(text), weight)) : free;
}

/**
 * The padding id: the last row of the encoder's item tables.
 *
 * @throws LeaError `E_ITEM_TABLE` when `itemTables` is empty or does not name a parameter
 */
export function paddingId({ name, itemTables }: Encoder, params: Tensors): number {
  const table = params[itemTables[0] ?? ''];
  if (table) return table.shape[0]! - 1;
  throw new LeaError('E_ITEM_TABLE', `itemTables of the encoder ${name} does not name a parameter.`, {
    value: itemTables,
    hint: `List the parameters with one row per item id, padding last. The parameters are: ${Object.keys(params).join(', ')}.`,
  });
}

function neededText(text: tf.Tensor | undefined): tf.Tensor {
  if (!text) throw missingText("itemInput: 'id+text'", 'frozen.text');
  return text;
}

function missingText(option: string, where: string): LeaError {
  return new LeaError('E_TEXT_MISSING', `The encoder has ${option} but received no text vectors.`, {
    hint: `Pass them as ${where}.`,
  });
}

/** The traits of an encoder that follow from its item options. */
export function itemTraits(o: {
  width: number;
  itemInput: ItemInput;
  tied: Encoder['tied'];
  everyPosition: boolean;
}): Pick<Encoder, 'outputSize' | 'needsText' | 'initText' | 'tied' | 'everyPosition'> {
  return {
    outputSize: o.width,
    needsText: o.itemInput === 'id+text',
    initText: o.itemInput === 'text-init',
    tied: o.tied,
    everyPosition: o.everyPosition,
  };
}
