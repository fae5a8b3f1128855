import { valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import type { Head } from '../heads.ts';
import { allStd, headStd, headValues, meanHead, penalizedEnsemble } from './ensemble.ts';

const list = (x: tf.Tensor) => Array.from(x.dataSync());

/** Two heads over three items, one feature and a bias: values at the feature x are a x + b. */
const weight = tf.tensor2d([
  [1, 0, 3, 0],
  [2, 1, 2, -1],
  [0, 4, 0, 4],
]);
const at: Head = {
  features: tf.tensor2d([
    [1, 1],
    [2, 1],
  ]),
  weight,
};
/** Rows, items, heads. */
const values = [
  [
    [1, 3],
    [3, 1],
    [4, 4],
  ],
  [
    [2, 6],
    [5, 3],
    [4, 4],
  ],
];
const mixture = tf.tensor1d([0.25, 0.75]);
const ensemble = (uncertaintyPenalty: number, penaltyForm: 'ratio' | 'difference' = 'ratio') =>
  penalizedEnsemble({ qHeads: 2, uncertaintyPenalty, penaltyForm }, mixture);
const ids = tf.tensor1d([1, 0], 'int32');

test('the values of every head, for an id or several per row', () => {
  expect(headValues(at, ids, 2).arraySync()).toEqual([values[0]![1], values[1]![0]]);
  const several = tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32');
  expect(headValues(at, several, 2).arraySync()).toEqual([
    [values[0]![2], values[0]![0]],
    [values[1]![1], values[1]![1]],
  ]);
});

test('mean head and standard deviation', () => {
  expect(meanHead(weight, 2).arraySync()).toEqual([
    [2, 0],
    [2, 0],
    [0, 4],
  ]);
  expect(
    list(
      headStd(
        tf.tensor2d([
          [1, 3],
          [4, 4],
        ]),
      ),
    ),
  ).toEqual([1, 0]);
});

test('the spread over the catalog, whatever the blocks it is computed in', () => {
  const wanted = values.map((row) => row.map(([a, b]) => Math.abs(a! - b!) / 2));
  for (const most of [1, 8, 2 ** 24]) {
    allStd(at, 2, most)
      .arraySync()
      .forEach((row, i) => {
        row.forEach((std, item) => {
          expect(std, `${most}`).toBeCloseTo(wanted[i]![item]!, 5);
        });
      });
  }
});

test('predictions are the mixture, without penalty', () => {
  const q = ensemble(5);
  expect(list(q.of(at, ids))).toEqual([0.25 * 3 + 0.75 * 1, 0.25 * 2 + 0.75 * 6]);
  expect(q.all(at).arraySync()).toEqual([
    [2.5, 1.5, 4],
    [5, 3.5, 4],
  ]);
});

test('selection is by the penalized mean, valuation by the penalized mixture', () => {
  const ratio = ensemble(0.5);
  expect(list(ratio.select(at))).toEqual([2 / 1.5, 2 / 1.5, 4, 4 / 2, 4 / 1.5, 4].map(Math.fround));
  expect(list(ratio.value(at, ids))).toEqual([1.5 / 1.5, 5 / 2].map(Math.fround));
  const difference = ensemble(0.5, 'difference');
  expect(list(difference.select(at))).toEqual([1.5, 1.5, 4, 3, 3.5, 4]);
  expect(list(difference.value(at, ids))).toEqual([1, 4]);
  expect(list(ensemble(0).select(at))).toEqual([2, 2, 4, 4, 4, 4]);
});

test('candidates, shared or per row, give the columns of the whole', () => {
  const q = ensemble(0.5);
  const shared = tf.tensor1d([2, 0], 'int32');
  const own = tf.tensor2d([2, 0, 2, 0], [2, 2], 'int32');
  for (const read of [q.select, q.all]) {
    const whole = read(at).arraySync();
    const wanted = whole.map((row) => [row[2]!, row[0]!]);
    for (const candidates of [shared, own]) {
      read(at, candidates)
        .arraySync()
        .forEach((row, i) => {
          row.forEach((x, j) => {
            expect(x).toBeCloseTo(wanted[i]![j]!, 5);
          });
        });
    }
  }
});

test('each head learns in proportion to its share of the mixture', () => {
  const { grads } = valueAndGrad((p) => ({ loss: tf.sum(ensemble(5).of({ ...at, weight: p.weight! }, ids)) }), {
    weight,
  });
  expect(grads.weight!.arraySync()).toEqual([
    [0.25 * 2, 0.25, 0.75 * 2, 0.75],
    [0.25, 0.25, 0.75, 0.75],
    [0, 0, 0, 0],
  ]);
});

test('negative values: the ratio moves them towards 0, the difference away', () => {
  const below: Head = { ...at, weight: tf.mul(weight, tf.scalar(-1)) };
  const [q, ratio, difference] = [ensemble(0), ensemble(1), ensemble(1, 'difference')].map((v) =>
    list(v.select(below)),
  );
  expect(ratio![0]).toBeGreaterThan(q![0]!);
  expect(difference![0]).toBeLessThan(q![0]!);
});
