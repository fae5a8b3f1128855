import { checkArrays, checkRanges } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import type { Value } from '../types.ts';
import { embedding } from './embedding.ts';

/** Up to here float32 counts exactly, and faster than int32. */
const EXACT = 2 ** 24;

/** The largest number of rows or columns. */
const MOST = 2 ** 31 - 1;

/**
 * The rank of one column in each row, from 1: one plus the number of columns with a higher score, or with an equal score and a
 * smaller index. No gradient.
 *
 * @param scores float32 [B, N]
 * @param target int32 [B] the column, 0 <= target < N
 * @param counted bool [B, N] the columns that may be ranked before the target, see `allExcept`. Default: all
 * @returns int32 [B]; 0 for a row whose scores have no sum: one is NaN, or they are infinite with both signs
 */
export function targetRanks(scores: tf.Tensor2D, target: tf.Tensor, counted?: tf.Tensor): tf.Tensor1D {
  checkTensors('targetRanks', { scores, target });
  const [rows, columns] = scores.shape;
  const own = embedding(tf.reshape(scores, [-1, 1]), tf.add(tf.range(0, rows * columns, columns, 'int32'), target));
  const earlier = tf.less(tf.expandDims(tf.range(0, columns, 1, 'int32'), 0), tf.expandDims(target, 1));
  const before = tf.logicalOr(tf.greater(scores, own), tf.logicalAnd(tf.equal(scores, own), earlier));
  const ahead = tf.cast(counted ? tf.logicalAnd(before, counted) : before, columns > EXACT ? 'int32' : 'float32');
  const rank = tf.add(tf.cast(tf.sum(ahead, 1), 'int32'), tf.scalar(1, 'int32'));
  return tf.where(tf.isNaN(tf.sum(scores, 1)), tf.zerosLike(rank), rank) as tf.Tensor1D;
}

/**
 * The columns that `targetRanks` counts.
 *
 * @param excluded columns of each row that it does not count; rows beyond the list count all
 * @returns bool [rows, columns]
 */
export function allExcept(excluded: readonly ArrayLike<number>[], rows: number, columns: number): Value {
  checkArrays('allExcept', { excluded });
  checkRanges('allExcept', { rows, columns }, { rows: [0, MOST, 'whole'], columns: [0, MOST, 'whole'] });
  const data = new Uint8Array(rows * columns).fill(1);
  for (const [row, out] of excluded.entries()) {
    for (let i = 0; i < out.length; i++) data[row * columns + out[i]!] = 0;
  }
  return { dtype: 'bool', shape: [rows, columns], data };
}
