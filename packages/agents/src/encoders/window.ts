import { LeaError } from '@lea/core';
import { embedding } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { Histories } from '../types.ts';

/** [B, L] float: 1 at events, 0 at padding (positions beyond the length, or the padding id). */
export function validPositions({ items, length }: Histories, padId: number): tf.Tensor2D {
  const window = items.shape[1]!;
  const positions = tf.reshape(tf.range(0, window, 1, 'int32'), [1, window]);
  const within = tf.less(positions, tf.reshape(length, [-1, 1]));
  return tf.cast(tf.logicalAnd(within, tf.notEqual(items, tf.scalar(padId, 'int32'))), 'float32') as tf.Tensor2D;
}

/**
 * Refuses histories that are wider than the window of the parameters.
 *
 * @throws LeaError `E_WINDOW`
 */
export function checkWindow(where: string, { items }: Histories, window: number): void {
  if (items.shape[1]! <= window) return;
  throw new LeaError('E_WINDOW', `${where}: the histories are wider than the window of the parameters.`, {
    value: items.shape[1],
    hint: `Pass the newest ${window} events.`,
  });
}

/** The newest `window` events of right-padded histories, which may be wider. */
export function newestEvents(histories: Histories, window: number): Histories {
  const { items, length } = histories;
  const [rows, width] = items.shape as [number, number];
  if (width <= window) return histories;
  const start = tf.maximum(tf.sub(length, tf.scalar(window, 'int32')), tf.scalar(0, 'int32'));
  const first = tf.expandDims(tf.add(tf.range(0, rows * width, width, 'int32'), start), 1);
  const at = tf.add(first, tf.expandDims(tf.range(0, window, 1, 'int32'), 0)) as tf.Tensor2D;
  const all: tf.Tensor1D = tf.reshape(items, [-1]);
  return { items: tf.gather<tf.Tensor>(all, at), length: tf.minimum(length, tf.scalar(window, 'int32')) };
}

/**
 * Appends one event to each history: a full window drops its oldest event.
 *
 * @param histories [B, L] @param events int32 [B]
 */
export function appendEvent(histories: Histories, events: tf.Tensor, padId: number): Histories {
  const [rows, window] = histories.items.shape as [number, number];
  const count = tf.cast(tf.sum(validPositions(histories, padId), 1, true), 'int32');
  const room = tf.pad(histories.items as tf.Tensor2D, [[0, 0], [0, 1]], padId); // biome-ignore format: one line
  const free = tf.cast(tf.equal(tf.expandDims(tf.range(0, window + 1, 1, 'int32'), 0), count), 'int32');
  const longer = tf.add(room, tf.mul(free, tf.sub(tf.expandDims(events, 1), room))) as tf.Tensor2D;
  const [whole, newest] = [0, 1].map((from) => tf.slice(longer, [0, from], [rows, window]));
  const full = tf.cast(tf.equal(count, tf.scalar(window, 'int32')), 'int32');
  return {
    items: tf.add(whole!, tf.mul(full, tf.sub(newest!, whole!))),
    length: tf.reshape(tf.minimum(tf.add(count, tf.scalar(1, 'int32')), tf.scalar(window, 'int32')), [rows]),
  };
}

/** The states after the last event of each history: the rows [B, D] of `x` [B, L, D] at position length - 1 (int32 [B]). */
export function lastPosition(x: tf.Tensor, length: tf.Tensor): tf.Tensor2D {
  const [rows, window, width] = x.shape as [number, number, number];
  const first = tf.range(0, rows * window, window, 'int32');
  const flat = tf.sub(tf.add(first, length), tf.scalar(1, 'int32'));
  return embedding(tf.reshape(x, [rows * window, width]), flat) as tf.Tensor2D;
}

/** The rows [B, D] of `x` [L, B, D] at position length - 1. */
export function lastStep(x: tf.Tensor, length: tf.Tensor): tf.Tensor2D {
  const [window, rows, width] = x.shape as [number, number, number];
  const before = tf.mul(tf.sub(length, tf.scalar(1, 'int32')), tf.scalar(rows, 'int32'));
  const flat = tf.add(before, tf.range(0, rows, 1, 'int32'));
  return embedding(tf.reshape(x, [window * rows, width]), flat) as tf.Tensor2D;
}

/** Appends steps of zeros to `x` [L, B, D]. */
export function padSteps(x: tf.Tensor, count: number): tf.Tensor {
  if (count === 0) return x;
  const none: [number, number] = [0, 0];
  return tf.pad(x, [[0, count], none, none]);
}

/** Additive attention mask: 0 where `valid` is 1, -1e9 where it is 0 (a row of -Infinity would give NaN). */
export function additiveMask(valid: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sub(valid, tf.scalar(1)), tf.scalar(1e9));
}

/** [1, L, L] float: position i sees positions 0..i. */
export function causal(window: number): tf.Tensor {
  const positions = tf.range(0, window, 1, 'int32');
  return tf.cast(tf.lessEqual(tf.reshape(positions, [1, 1, window]), tf.reshape(positions, [1, window, 1])), 'float32');
}
