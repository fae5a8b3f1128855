import { valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import type { Head } from '../heads.ts';
import { generalizedBce, sampledSoftmax } from './sampled.ts';

const list = (x: tf.Tensor) => Array.from(x.dataSync());

/** One feature of 1 per row: the weight is the list of logits, the same in every row. */
const logits = [0.5, -1, 2, 0, 1.5];
const headOf = (rows: number): Head => ({ features: tf.ones([rows, 1]), weight: tf.tensor2d(logits, [5, 1]) });
const ids = (...x: number[]) => tf.tensor1d(x, 'int32');
const once = (action: number) => ({ ids: tf.expandDims(ids(action), 1), weights: tf.ones([1, 1]) });
const e = (item: number, share = 1) => Math.exp(logits[item]!) / share;
const log1 = (x: number) => Math.log(1 + Math.exp(x));

test('sampled softmax: the label among itself and the candidates, repeats counted', () => {
  const [loss] = list(sampledSoftmax(headOf(1), { ...once(0), candidates: ids(1, 2, 1) }));
  expect(loss).toBeCloseTo(-Math.log(e(0) / (e(0) + 2 * e(1) + e(2))), 5);
});

test('sampled softmax: a candidate that is the label does not count', () => {
  const [loss] = list(sampledSoftmax(headOf(1), { ...once(0), candidates: ids(0, 2, 0) }));
  expect(loss).toBeCloseTo(-Math.log(e(0) / (e(0) + e(2))), 5);
  const [none] = list(sampledSoftmax(headOf(1), { ...once(0), candidates: ids(0, 0) }));
  expect(none).toBeCloseTo(0, 6);
});

test('sampled softmax: logits are corrected by the log of the sampling distribution', () => {
  const shares = [0.1, 0.2, 0.4, 0.25, 0.05];
  const logQ = tf.log(tf.tensor1d(shares)) as tf.Tensor;
  const [loss] = list(sampledSoftmax(headOf(1), { ...once(0), candidates: ids(2, 4) }, logQ));
  const own = e(0, shares[0]);
  expect(loss).toBeCloseTo(-Math.log(own / (own + e(2, shares[2]) + e(4, shares[4]))), 5);
});

test('sampled softmax: each weighted label is told from the candidates, not from the other labels', () => {
  const labels = { ids: tf.tensor2d([[0, 3]], [1, 2], 'int32'), weights: tf.tensor2d([[1, 0.5]]) };
  const [loss] = list(sampledSoftmax(headOf(1), { ...labels, candidates: ids(3, 2) }));
  const first = -Math.log(e(0) / (e(0) + e(3) + e(2)));
  const second = -Math.log(e(3) / (e(3) + e(2)));
  expect(loss).toBeCloseTo(first + 0.5 * second, 5);
});

test('sampled softmax with all other items as candidates is the full softmax', () => {
  const [loss] = list(sampledSoftmax(headOf(1), { ...once(4), candidates: ids(0, 1, 2, 3) }));
  const sum = logits.reduce((total, _, item) => total + e(item), 0);
  expect(loss).toBeCloseTo(-Math.log(e(4) / sum), 5);
});

test('gBCE by hand: calibrated positive, negatives, divided by their number', () => {
  // alpha = 2 / 4, t = 0.75: beta = 0.5 (0.75 (1 - 2) + 2).
  const beta = 0.625;
  const [loss] = list(
    generalizedBce(headOf(1), { ...once(0), candidates: ids(1, 2) }, { items: 5, calibration: 0.75 }),
  );
  expect(loss).toBeCloseTo((beta * log1(-logits[0]!) + log1(logits[1]!) + log1(logits[2]!)) / 3, 5);
  const [plain] = list(generalizedBce(headOf(1), { ...once(0), candidates: ids(1, 2) }, { items: 5, calibration: 0 }));
  expect(plain).toBeCloseTo((log1(-logits[0]!) + log1(logits[1]!) + log1(logits[2]!)) / 3, 5);
  const [full] = list(generalizedBce(headOf(1), { ...once(0), candidates: ids(1, 2) }, { items: 5, calibration: 1 }));
  expect(full).toBeCloseTo((0.5 * log1(-logits[0]!) + log1(logits[1]!) + log1(logits[2]!)) / 3, 5);
});

test('gBCE: with a negative weight the label is no negative of itself either', () => {
  const labels = { ids: tf.tensor2d([[0]], [1, 1], 'int32'), weights: tf.tensor2d([[-2]]) };
  const [loss] = list(generalizedBce(headOf(1), { ...labels, candidates: ids(0, 1) }, { items: 5, calibration: 0 }));
  expect(loss).toBeCloseTo((-2 * (log1(-logits[0]!) + log1(logits[1]!))) / 3, 5);
});

test('gBCE: candidates that are labels count nothing', () => {
  const labels = { ids: tf.tensor2d([[0, 3, 1]], [1, 3], 'int32'), weights: tf.tensor2d([[1, 0.5, 0]]) };
  const candidates = ids(0, 3, 1, 2);
  const [loss] = list(generalizedBce(headOf(1), { ...labels, candidates }, { items: 5, calibration: 0 }));
  const positive = log1(-logits[0]!) + 0.5 * log1(-logits[3]!);
  expect(loss).toBeCloseTo((positive + log1(logits[1]!) + log1(logits[2]!)) / 5, 5);
});

test('gBCE: the weight of a row scales its negatives as well', () => {
  const two = { ids: tf.tensor2d([[0], [0]], [2, 1], 'int32'), weights: tf.tensor2d([[1], [3]]) };
  const [a, b] = list(generalizedBce(headOf(2), { ...two, candidates: ids(1, 2) }, { items: 5, calibration: 0.75 }));
  expect(b).toBeCloseTo(3 * a!, 4);
});

test.each(['softmax', 'gbce'])('%s: only labels and candidates get a gradient', (kind) => {
  const { grads } = valueAndGrad(
    ({ weight }) => {
      const at = { features: tf.ones([1, 1]), weight: weight! };
      const sampled = { ...once(0), candidates: ids(1, 3) };
      const loss =
        kind === 'softmax' ? sampledSoftmax(at, sampled) : generalizedBce(at, sampled, { items: 5, calibration: 0.5 });
      return { loss: tf.sum(loss) };
    },
    { weight: tf.tensor2d(logits, [5, 1]) },
  );
  const signs = list(grads.weight!).map(Math.sign);
  expect(signs).toEqual([-1, 1, 0, 1, 0]);
});
