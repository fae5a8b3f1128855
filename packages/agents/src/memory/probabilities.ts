import { scatterAddRows, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { Histories } from '../types.ts';
import type { Gate } from './mixture.ts';
import { type Component, isCounted, type Slot } from './mixture.ts';

/** The settings of a mixture besides its tables: plain numbers that become part of the program. */
export interface MixtureForm {
  /** Number of items N, which is also the padding id. */
  readonly items: number;
  readonly slots: readonly Slot[];
  readonly gate: Gate;
  readonly smoothing: number;
  /** Where the neighbors of each component begin, in the order of the tables. */
  readonly starts: Readonly<Partial<Record<Component, number>>>;
  /** Maximum number of neighbors of an item. */
  readonly longest: number;
}

/** The items of a history by place, newest first. */
export interface Places {
  /** int32 [B, P]; 0 for missing items */
  readonly items: tf.Tensor2D;
  /** bool [B, P]: whether there is an item */
  readonly known: tf.Tensor2D;
}

/** The newest `count` events of right-padded histories, without padding ids. */
export function placesOf({ items, length }: Histories, count: number, padId: number): Places {
  const [rows, width] = items.shape as [number, number];
  const places = Math.min(count, width);
  const back = tf.expandDims(tf.range(1, places + 1, 1, 'int32'), 0);
  const slot = tf.sub(tf.expandDims(length, 1), back);
  const at = tf.maximum(slot, tf.scalar(0, 'int32')) as tf.Tensor2D;
  const base = tf.expandDims(tf.range(0, rows * width, width, 'int32'), 1);
  const flat = tf.add(base, at) as tf.Tensor2D;
  const all: tf.Tensor1D = tf.reshape(items, [-1]);
  const ids = tf.gather<tf.Tensor>(all, flat) as tf.Tensor2D;
  const known = tf.logicalAnd(
    tf.greaterEqual(slot, tf.scalar(0, 'int32')),
    tf.less(ids, tf.scalar(padId, 'int32')),
  ) as tf.Tensor2D;
  return { items: tf.mul(ids, tf.cast(known, 'int32')), known };
}

/**
 * p(item | history) of the mixture, float32 [B, N]: gathers and sums the neighbors of the history's items, and adds popularity.
 *
 * @param tables `popularity` [N], and for all C components concatenated `offsets` [C * (N + 1)] (relative to the start of the
 *   component), `sums` [C * N], `columns` and `values`
 */
export function mixtureProbabilities(tables: Tensors, form: MixtureForm, places: Places): tf.Tensor2D {
  const { items } = form;
  const [rows, reach] = places.items.shape;
  const { counted, repeats, bias, place } = slotsRead(form, reach);
  const given = tf.gather(places.items, place, 1) as tf.Tensor2D;
  const [from, again] = split(given, [counted.count, repeats]);
  const sums = tf.gather(tables.sums!, tf.add(from!, counted.sums) as tf.Tensor2D) as tf.Tensor2D;

  const evidence = tf.mul(tf.log1p(sums), counted.evidence) as tf.Tensor2D;
  const logits = tf.add(again ? tf.concat([evidence, tf.zeros(again.shape)], 1) : evidence, bias);
  const masked = tf.where(tf.gather(places.known, place, 1), logits, tf.fill(given.shape, -1e9));
  const all = tf.softmax(tf.concat([tf.fill([rows, 1], form.gate.bias[0]!), masked], 1)) as tf.Tensor2D;
  const [plain, weights, repeated] = split(all, [1, counted.count, repeats]);
  const scale = tf.div(weights!, tf.add(sums, counted.smoothing)) as tf.Tensor2D;
  const leaning = tf.add(plain!, tf.sum(tf.mul(scale, counted.smoothing), 1, true));

  const found = neighbors(tables, tf.add(from!, counted.offsets) as tf.Tensor2D, counted.start, form.longest);
  const ids = tf.reshape(found.columns, [rows, -1]);
  const shares = tf.reshape(tf.mul(found.values, tf.expandDims(scale, 2)), [rows, -1]);
  const rowStarts = tf.expandDims(tf.range(0, rows * items, items, 'int32'), 1);
  const flat = tf.reshape(tf.add(again ? tf.concat([ids, again], 1) : ids, rowStarts), [-1]);
  const values = tf.reshape(repeated ? tf.concat([shares, repeated], 1) : shares, [-1, 1]);
  const added = tf.reshape(scatterAddRows(flat, values, rows * items), [rows, items]);
  return tf.add(tf.mul(leaning, tf.expandDims(tables.popularity!, 0)), added) as tf.Tensor2D;
}

/** Splits into columns of these widths; a last width of 0 is omitted. */
function split(x: tf.Tensor2D, widths: readonly number[]): (tf.Tensor2D | undefined)[] {
  return tf.split(x, widths.filter(Boolean), 1) as tf.Tensor2D[];
}

/** The slots of a window of `reach` places, except popularity; slots with a table come before those of repeats. */
function slotsRead({ items, slots, gate, smoothing, starts }: MixtureForm, reach: number) {
  const components = Object.keys(starts);
  const read = slots
    .map(({ component, place }, i) => ({ component, place, bias: gate.bias[i]!, table: components.indexOf(component) }))
    .filter(({ component, place }) => component !== 'popularity' && place < reach);
  const [counted, repeats] = [read.filter(({ table }) => table >= 0), read.filter(({ table }) => table < 0)];
  const row = (dtype: 'float32' | 'int32', list: typeof read, of: (slot: (typeof read)[number]) => number) =>
    tf.tensor2d(list.map(of), [1, list.length], dtype);
  const all = [...counted, ...repeats];
  return {
    place: tf.reshape(
      row('int32', all, ({ place }) => place),
      [-1],
    ) as tf.Tensor1D,
    bias: row('float32', all, ({ bias }) => bias),
    repeats: repeats.length,
    /** Constants [1, S] of the S slots with a table. */
    counted: {
      count: counted.length,
      evidence: row('float32', counted, ({ component }) => gate.evidence[component] ?? 0),
      // Rows of text similarity are already normalized.
      smoothing: row('float32', counted, ({ component }) => (isCounted(component) ? smoothing : 0)),
      /** Where the component begins in each table. */
      sums: row('int32', counted, ({ table }) => table * items),
      offsets: row('int32', counted, ({ table }) => table * (items + 1)),
      start: row('int32', counted, ({ component }) => starts[component]!),
    },
  };
}

/**
 * Neighbors at the positions [B, S] of their offsets: columns and values [B, S, K], with value 0 beyond the last
 * neighbor.
 */
function neighbors(
  { offsets, columns, values }: Tensors,
  at: tf.Tensor2D,
  start: tf.Tensor2D,
  longest: number,
): { columns: tf.Tensor; values: tf.Tensor } {
  const first = tf.expandDims(tf.add(tf.gather(offsets!, at), start), 2);
  const end = tf.expandDims(tf.add(tf.gather(offsets!, tf.add(at, tf.scalar(1, 'int32')) as tf.Tensor2D), start), 2);
  const each = tf.add(first, tf.reshape(tf.range(0, longest, 1, 'int32'), [1, 1, longest]));
  const inside = tf.less(each, end);
  const index = tf.mul(each, tf.cast(inside, 'int32')) as tf.Tensor3D;
  return { columns: tf.gather(columns!, index), values: tf.mul(tf.gather(values!, index), tf.cast(inside, 'float32')) };
}

/** float32 [B, N]: 1 for items of the history. */
export function seenItems({ items, known }: Places, count: number): tf.Tensor2D {
  const [rows, width] = items.shape;
  const rowStarts = tf.expandDims(tf.range(0, rows * count, count, 'int32'), 1);
  const flat = tf.reshape(tf.add(items, rowStarts), [-1]);
  const hits = scatterAddRows(flat, tf.reshape(tf.cast(known, 'float32'), [rows * width, 1]), rows * count);
  // Reshape before comparing: ONNX Runtime compares a column value by value.
  return tf.minimum(tf.reshape(hits, [rows, count]), tf.scalar(1));
}
