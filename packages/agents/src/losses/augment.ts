import { randomIntegers, randomUniform } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { validPositions } from '../encoders/window.ts';
import type { Histories } from '../types.ts';

/**
 * How to alter a history: shuffle its events, remove 2 or 3 consecutive events, or remove each with probability 0.15. The newest
 * event is never removed.
 */
export type Augmentation = 'permute' | 'crop' | 'mask';

const MASK_SHARE = 0.15;

/**
 * Alters histories without changing their length; removed events become the padding id. Empty histories are unchanged. The newest
 * event is never removed, because encoders read their state there.
 *
 * @param key int32 [2]
 */
export function augment(histories: Histories, kind: Augmentation, key: tf.Tensor, padId: number): Histories {
  return { items: alter[kind](histories, key, padId), length: histories.length };
}

const alter: Record<Augmentation, (histories: Histories, key: tf.Tensor, padId: number) => tf.Tensor> = {
  permute,
  crop,
  mask,
};

/** Each event moves to its rank among uniform draws, which is cheaper than sorting for windows of tens of events. */
function permute(histories: Histories, key: tf.Tensor, padId: number): tf.Tensor {
  const { items } = histories;
  const [rows, window] = items.shape as [number, number];
  const positions = positionsOf(window);
  const valid = validPositions(histories, padId);
  const draws = randomUniform(key, 'permute', [rows, window]);
  // Padding is ranked after all draws and keeps its order.
  const order = tf.add(tf.mul(valid, draws), tf.mul(tf.sub(tf.scalar(1), valid), tf.add(positions, tf.scalar(1))));
  const [mine, other] = [tf.expandDims(order, 2), tf.expandDims(order, 1)];
  const earlier = tf.less(tf.reshape(positions, [1, 1, window]), tf.reshape(positions, [1, window, 1]));
  const before = tf.logicalOr(tf.less(other, mine), tf.logicalAnd(tf.equal(other, mine), earlier));
  const rank = tf.sum(tf.cast(before, 'float32'), 2);
  const arrives = tf.equal(tf.expandDims(rank, 1), tf.reshape(positions, [1, window, 1]));
  return tf.sum(tf.mul(tf.cast(arrives, 'int32'), tf.expandDims(items, 1)), 2);
}

function crop({ items, length }: Histories, key: tf.Tensor, padId: number): tf.Tensor {
  const [rows, window] = items.shape as [number, number];
  const older = tf.sub(tf.cast(length, 'float32'), tf.scalar(1));
  const width = tf.minimum(
    tf.cast(tf.add(randomIntegers(key, 'crop width', [rows], 2), tf.scalar(2, 'int32')), 'float32'),
    older,
  );
  const choices = tf.add(tf.sub(older, width), tf.scalar(1));
  const drawn = tf.floor(tf.mul(randomUniform(key, 'crop start', [rows]), choices));
  // Rounding in float32 may raise the largest draw to the number of choices itself.
  const start = tf.expandDims(tf.minimum(drawn, tf.sub(choices, tf.scalar(1))), 1);
  const positions = positionsOf(window);
  const inside = tf.logicalAnd(
    tf.greaterEqual(positions, start),
    tf.less(positions, tf.add(start, tf.expandDims(width, 1))),
  );
  return blank(items, inside, padId);
}

function mask({ items, length }: Histories, key: tf.Tensor, padId: number): tf.Tensor {
  const [rows, window] = items.shape as [number, number];
  const older = tf.less(positionsOf(window), tf.expandDims(tf.sub(tf.cast(length, 'float32'), tf.scalar(1)), 1));
  const hit = tf.less(randomUniform(key, 'mask', [rows, window]), tf.scalar(MASK_SHARE));
  return blank(items, tf.logicalAnd(hit, older), padId);
}

function blank(items: tf.Tensor, where: tf.Tensor, padId: number): tf.Tensor {
  const share = tf.cast(where, 'int32');
  return tf.add(items, tf.mul(share, tf.sub(tf.scalar(padId, 'int32'), items)));
}

/** [1, L]: 0, 1, ... */
function positionsOf(window: number): tf.Tensor {
  return tf.expandDims(tf.range(0, window), 0);
}
