import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { addRows } from './add-rows.ts';

/**
 * Looks up rows of a table. The gradient accumulates into the rows that were read.
 *
 * @param table float32 [N, D]
 * @param ids int32 [...], 0 <= id < N (in compiled programs an id >= N fails the run, and negative ids count from the end)
 * @returns [..., D]
 */
export function embedding(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  checkTensors('embedding', { table, ids });
  const [count, width] = table.shape as [number, number];
  return withGradient([table], () => ({
    value: tf.gather(table, ids as tf.Tensor1D),
    saved: [ids],
    gradients: (dy, [at]) => [() => addRows(undefined, tf.reshape(at!, [-1]), tf.reshape(dy, [-1, width]), count)],
  }));
}

/**
 * Sums rows by id: row n of the result is the sum of `rows[i]` over all i with `ids[i] = n`.
 *
 * @param ids int32 [R]
 * @param rows float32 [R, D]
 * @returns [count, D]
 */
export function scatterAddRows(ids: tf.Tensor, rows: tf.Tensor, count: number): tf.Tensor {
  checkTensors('scatterAddRows', { ids, rows });
  return withGradient([rows], () => ({
    value: addRows(undefined, ids, rows, count),
    saved: [ids],
    gradients: (dy, [at]) => [() => tf.gather(dy, at as tf.Tensor1D)],
  }));
}
