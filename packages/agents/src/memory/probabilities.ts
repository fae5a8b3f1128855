import { scatterAddRows, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import type { Histories } from '../types.ts';
import type { Gate } from './gate.ts';
import { type Component, isCounted, type Slot } from './mixture.ts';

/** What the mixture is besides its tables: plain numbers, part of the program. */
export interface MixtureForm {
  /** N; the padding id. */
  readonly items: number;
  readonly slots: readonly Slot[];
  readonly gate: Gate;
  readonly smoothing: number;
  /** Where the neighbors of a component begin, in the order of the tables. */
  readonly starts: Readonly<Partial<Record<Component, number>>>;
  /** Neighbors of the item that has the most. */
  readonly longest: number;
}

/** The items of a history by place, newest first. */
export interface Places {
  /** int32 [B, P]; 0 where there is none. */
  readonly items: tf.Tensor2D;
  /** bool [B, P]: whether there is one. */
  readonly known: tf.Tensor2D;
}

/** The newest `count` events of right-padded histories; padding ids among them are no items. */
export function placesOf({ items, length }: Histories, count: number, padId: number): Places {
  const [rows, width] = items.shape as [number, number];
  const places = Math.min(count, width);
  const back = tf.range(1, places + 1, 1, 'int32').expandDims(0);
  const slot = tf.sub(length.expandDims(1), back);
  const at = tf.maximum(slot, tf.scalar(0, 'int32')) as tf.Tensor2D;
  const base = tf.range(0, rows * width, width, 'int32').expandDims(1);
  const flat = tf.add(base, at) as tf.Tensor2D;
  const ids = tf.gather(items.reshape([-1]), flat) as tf.Tensor2D;
  const known = tf.logicalAnd(
    tf.greaterEqual(slot, tf.scalar(0, 'int32')),
    tf.less(ids, tf.scalar(padId, 'int32')),
  ) as tf.Tensor2D;
  return { items: tf.mul(ids, known.toInt()), known };
}

/**
 * p(item | history) of the mixture, float32 [B, N]: the neighbors of the history's items are gathered and added up, the rest
 * is popularity.
 *
 * @param tables `popularity` [N]; and of all C components end to end, `offsets` [C * (N + 1)], each counted from the start of
 *   its component, `sums` [C * N], `columns` and `values`
 */
export function mixtureProbabilities(tables: Tensors, form: MixtureForm, places: Places): tf.Tensor2D {
  const { items } = form;
  const [rows, reach] = places.items.shape;
  const slots = slotsRead(form, reach);
  const given = tf.gather(places.items, slots.place, 1) as tf.Tensor2D;
  const known = tf.gather(places.known, slots.place, 1);
  const sums = tf.gather(tables.sums!, tf.add(given, slots.sums) as tf.Tensor2D) as tf.Tensor2D;

  const logits = tf.add(tf.mul(tf.log1p(sums), slots.evidence), slots.bias);
  const masked = tf.where(known, logits, tf.fill(given.shape, -1e9));
  const popularityLogit = tf.fill([rows, 1], form.gate.bias[0]!);
  const all = tf.softmax(tf.concat([popularityLogit, masked], 1));
  const [plain, weights] = tf.split(all, [1, given.shape[1]], 1) as [tf.Tensor2D, tf.Tensor2D];
  const scale = tf.div(weights, tf.add(sums, slots.smoothing));
  const leaning = tf.add(plain, tf.sum(tf.mul(scale, slots.smoothing), 1, true));

  const found = neighbors(tables, tf.add(given, slots.offsets) as tf.Tensor2D, slots.start, form.longest);
  const rowStarts = tf.range(0, rows * items, items, 'int32').reshape([rows, 1, 1]);
  const flat = tf.add(found.columns, rowStarts).reshape([-1]);
  const shares = tf.mul(found.values, scale.expandDims(2)).reshape([-1, 1]);
  const counted = scatterAddRows(flat, shares, rows * items).reshape([rows, items]);
  return tf.add(tf.mul(leaning, tables.popularity!.expandDims(0)), counted) as tf.Tensor2D;
}

/** The S slots besides popularity that a window of `reach` places has: constants [1, S], `place` [S]. */
function slotsRead({ items, slots, gate, smoothing, starts }: MixtureForm, reach: number) {
  const read = slots
    .map((slot, i) => ({ ...slot, bias: gate.bias[i]! }))
    .filter(({ component, place }) => component !== 'popularity' && place < reach);
  const components = Object.keys(starts);
  const row = (dtype: 'float32' | 'int32', of: (slot: (typeof read)[number]) => number) =>
    tf.tensor2d(read.map(of), [1, read.length], dtype);
  return {
    place: row('int32', ({ place }) => place).reshape([-1]) as tf.Tensor1D,
    bias: row('float32', ({ bias }) => bias),
    evidence: row('float32', ({ component }) => gate.evidence[component] ?? 0),
    // A row of the likeness of texts sums up to 1 as it is.
    smoothing: row('float32', ({ component }) => (isCounted(component) ? smoothing : 0)),
    /** Where the component begins in each of the tables. */
    sums: row('int32', ({ component }) => components.indexOf(component) * items),
    offsets: row('int32', ({ component }) => components.indexOf(component) * (items + 1)),
    start: row('int32', ({ component }) => starts[component]!),
  };
}

/** Neighbors by the place [B, S] of their offsets: columns and values [B, S, K], of value 0 beyond those that there are. */
function neighbors(
  { offsets, columns, values }: Tensors,
  at: tf.Tensor2D,
  start: tf.Tensor2D,
  longest: number,
): { columns: tf.Tensor; values: tf.Tensor } {
  const first = tf.add(tf.gather(offsets!, at), start).expandDims(2);
  const end = tf.add(tf.gather(offsets!, tf.add(at, tf.scalar(1, 'int32')) as tf.Tensor2D), start).expandDims(2);
  const each = tf.add(first, tf.range(0, longest, 1, 'int32').reshape([1, 1, longest]));
  const inside = tf.less(each, end);
  const index = tf.mul(each, inside.toInt()) as tf.Tensor3D;
  return { columns: tf.gather(columns!, index), values: tf.mul(tf.gather(values!, index), inside.toFloat()) };
}

/** float32 [B, N]: 1 where the item is among the places. */
export function seenItems({ items, known }: Places, count: number): tf.Tensor2D {
  const [rows, width] = items.shape;
  const rowStarts = tf.range(0, rows * count, count, 'int32').expandDims(1);
  const flat = tf.add(items, rowStarts).reshape([-1]);
  const hits = scatterAddRows(flat, known.toFloat().reshape([rows * width, 1]), rows * count);
  // In this order: ONNX Runtime compares a column value by value.
  return tf.minimum(hits.reshape([rows, count]), tf.scalar(1));
}
