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
  /** Neighbors of the item that has the most, by component. */
  readonly longest: Readonly<Partial<Record<Component, number>>>;
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
 * @param tables `popularity` [N], and per component `<component>.offsets`, `.columns`, `.values`, `.sums`
 */
export function mixtureProbabilities(tables: Tensors, form: MixtureForm, places: Places): tf.Tensor2D {
  const { items, gate, smoothing, slots } = form;
  const [rows, reach] = places.items.shape;
  const components = [...new Set(slots.map(({ component }) => component))].filter((c) => c !== 'popularity');
  const widths = components.map((c) => Math.min(reach, slots.filter(({ component }) => component === c).length));
  const read = components.map((component, i) => {
    const given = tf.slice(places.items, [0, 0], [rows, widths[i]!]);
    const known = tf.slice(places.known, [0, 0], [rows, widths[i]!]);
    const sums = isCounted(component)
      ? (tf.gather(tables[`${component}.sums`]!, given) as tf.Tensor2D)
      : (tf.zerosLike(given).toFloat() as tf.Tensor2D);
    return { component, given, known, sums };
  });

  const biasOf = (component: Component, width: number) =>
    tf.tensor2d(gate.bias.filter((_, i) => slots[i]!.component === component).slice(0, width), [1, width]);
  const logits = read.map(({ component, known, sums }, i) => {
    const evidence = tf.mul(tf.log1p(sums), tf.scalar(gate.evidence[component] ?? 0));
    const logit = tf.add(biasOf(component, widths[i]!), evidence);
    return tf.where(known, logit, tf.fill(logit.shape, -1e9)) as tf.Tensor2D;
  });
  const popularityLogit = tf.tile(biasOf('popularity', 1), [rows, 1]);
  const weights = tf.split(tf.softmax(tf.concat([popularityLogit, ...logits], 1)), [1, ...widths], 1) as tf.Tensor2D[];

  let leaning = weights[0]!;
  const [ids, values]: [tf.Tensor2D[], tf.Tensor2D[]] = [[], []];
  read.forEach(({ component, given, sums }, i) => {
    let scale = weights[i + 1]!;
    if (isCounted(component)) {
      scale = tf.div(scale, tf.add(sums, tf.scalar(smoothing)));
      leaning = tf.add(leaning, tf.mul(tf.sum(scale, 1, true), tf.scalar(smoothing)));
    }
    if (component === 'repeat') {
      ids.push(given);
      values.push(scale);
      return;
    }
    const found = neighbors(tables, component, given, form.longest[component]!);
    ids.push(found.columns.reshape([rows, -1]));
    values.push(tf.mul(found.values, scale.expandDims(2)).reshape([rows, -1]));
  });
  const base = tf.mul(leaning, tables.popularity!.expandDims(0)) as tf.Tensor2D;
  if (ids.length === 0) return base;
  const rowStarts = tf.range(0, rows * items, items, 'int32').expandDims(1);
  const flat = tf.add(tf.concat(ids, 1), rowStarts).reshape([-1]);
  const added = scatterAddRows(flat, tf.concat(values, 1).reshape([-1, 1]), rows * items);
  return tf.add(base, added.reshape([rows, items])) as tf.Tensor2D;
}

/** Neighbors of items [B, P]: columns and values [B, P, K], of value 0 beyond those that there are. */
function neighbors(
  tables: Tensors,
  component: Component,
  given: tf.Tensor2D,
  longest: number,
): { columns: tf.Tensor; values: tf.Tensor } {
  const offsets = tables[`${component}.offsets`]! as tf.Tensor1D;
  const start = tf.gather(offsets, given).expandDims(2);
  const end = tf.gather(offsets, tf.add(given, tf.scalar(1, 'int32')) as tf.Tensor2D).expandDims(2);
  const at = tf.add(start, tf.range(0, longest, 1, 'int32').reshape([1, 1, longest]));
  const inside = tf.less(at, end);
  const index = tf.mul(at, inside.toInt()) as tf.Tensor3D;
  return {
    columns: tf.gather(tables[`${component}.columns`]! as tf.Tensor1D, index),
    values: tf.mul(tf.gather(tables[`${component}.values`]! as tf.Tensor1D, index), inside.toFloat()),
  };
}

/** float32 [B, N]: 1 where the item is among the places. */
export function seenItems({ items, known }: Places, count: number): tf.Tensor2D {
  const [rows, width] = items.shape;
  const rowStarts = tf.range(0, rows * count, count, 'int32').expandDims(1);
  const flat = tf.add(items, rowStarts).reshape([-1]);
  const hits = scatterAddRows(flat, known.toFloat().reshape([rows * width, 1]), rows * count);
  return tf.minimum(hits, tf.scalar(1)).reshape([rows, count]);
}
