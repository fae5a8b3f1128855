import { key } from '@lea/core';
import { float32, int32, toTensor, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allValues, greedy, head, initHead, valuesOf } from '../heads.ts';
import { keyTensor, tensors } from '../testing/tensors.ts';
import { advantage } from './advantage.ts';
import { keptNegatives, negativeActions } from './negatives.ts';
import { halfSquare, loggedTarget, negativeTarget } from './td.ts';

const list = (x: tf.Tensor) => Array.from(x.dataSync());

test('done masks the target of logged actions, not that of negatives', () => {
  const next = tf.tensor1d([2, 4]);
  const y = loggedTarget(tf.tensor1d([1, 0.25]), tf.tensor1d([1, 0]), next, 0.5);
  expect(list(y)).toEqual([1, 2.25]);
  expect(list(negativeTarget(-1, next, 0.5))).toEqual([0, 1]);
  expect(list(halfSquare(y, tf.tensor1d([3, 0.25])))).toEqual([2, 2]);
});

test('a head: bias in the last column, ties to the smaller index, rows equal columns of the full product', () => {
  const states = tf.tensor2d([
    [1, 2],
    [3, -1],
  ]);
  const weight = tf.tensor2d([
    [1, 0, 0.5],
    [0, 1, -0.5],
    [1, 0, 0.5],
  ]);
  const at = head({ 'q.weight': weight }, 'q', states);
  expect(list(valuesOf(at, tf.tensor1d([1, 2], 'int32')))).toEqual([1.5, 3.5]);
  expect(
    list(
      valuesOf(
        at,
        tf.tensor2d(
          [
            [0, 1],
            [1, 1],
          ],
          [2, 2],
          'int32',
        ),
      ),
    ),
  ).toEqual([1.5, 1.5, -1.5, -1.5]);
  expect(list(greedy(allValues(at)))).toEqual([0, 0]);
  const fresh = initHead(key(1), 'q', 50, 4)['q.weight']!;
  const bound = Math.sqrt(6 / 54);
  for (let i = 0; i < 50; i++) {
    expect(fresh.data[i * 5 + 4]).toBe(0);
    for (let j = 0; j < 4; j++) expect(Math.abs(fresh.data[i * 5 + j]!)).toBeLessThanOrEqual(bound);
  }
});

test('advantage: hand-computed, detached, left-out negatives do not count', () => {
  const q = tf.tensor1d([2]);
  const negatives = tf.tensor2d([[1, 0, 5]]);
  expect(list(advantage(q, negatives))).toEqual([0]);
  expect(list(advantage(q, negatives, tf.tensor2d([[1, 1, 0]])))).toEqual([1]);
  const { grads } = valueAndGrad(
    (p) => ({ loss: tf.sum(tf.add(p.q!, tf.mul(advantage(p.q!, negatives), tf.scalar(7)))) }),
    { q },
  );
  expect(list(grads.q!)).toEqual([1]);
});

test('negatives are uniform over the other items and the same for the same key', () => {
  const rows = 3000;
  const batch = { action: toTensor(int32(new Int32Array(rows).fill(2))) };
  const drawn = list(negativeActions(batch, keyTensor(3), 2, 5));
  const counts = [0, 0, 0, 0, 0];
  for (const item of drawn) counts[item]!++;
  expect(counts[2]).toBe(0);
  for (const item of [0, 1, 3, 4]) expect(Math.abs(counts[item]! - rows / 2)).toBeLessThan(150);
  expect(list(negativeActions(batch, keyTensor(3), 2, 5))).toEqual(drawn);
  expect(list(negativeActions(batch, keyTensor(4), 2, 5))).not.toEqual(drawn);
});

test('negatives lie among the items and never hit the action, whatever the catalog', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (items, seed) => {
      const action = Array.from({ length: 20 }, (_, i) => i % items);
      const drawn = list(negativeActions({ action: tf.tensor1d(action, 'int32') }, keyTensor(seed), 3, items));
      return drawn.every((item, i) => item >= 0 && item < items && item !== action[Math.floor(i / 3)]);
    }),
    { numRuns: 30 },
  );
});

test('a catalog of one item has no negatives', () => {
  const batch = { action: tf.tensor1d([0], 'int32') };
  expect(() => negativeActions(batch, keyTensor(0), 1, 1)).toThrow(/at least 2 items/);
});

test('negatives that are extra positive targets are left out; targets of no weight are none', () => {
  const batch = tensors({ targets: int32([4, 1], [1, 2]), targetWeights: float32([0, 0.5], [1, 2]) });
  expect(list(keptNegatives(batch, tf.tensor2d([[4, 1, 0]], [1, 3], 'int32'))!)).toEqual([1, 0, 1]);
  expect(keptNegatives({}, tf.tensor2d([[4, 1, 0]], [1, 3], 'int32'))).toBeUndefined();
});
