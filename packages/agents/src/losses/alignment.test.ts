import { valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { alignmentLoss } from './alignment.ts';

const list = (x: tf.Tensor) => Array.from(x.dataSync());
const states = tf.tensor2d([[1, 0], [0, 2]]); // biome-ignore format: one line
const weight = tf.tensor2d([[1, 0], [1, 1], [0, 0]]); // biome-ignore format: one line
// Projections: (1, 1, 0) and (0, 2, 0).
const environment = tf.tensor2d([[0, 3, 0], [0, -1, 0]]); // biome-ignore format: one line

test('cosine: 1 - cos of the projected state and the environment state, by hand', () => {
  const loss = list(alignmentLoss(states, environment, weight));
  expect(loss[0]).toBeCloseTo(1 - Math.SQRT1_2, 5);
  expect(loss[1]).toBeCloseTo(2, 5);
  // The size of a state does not matter.
  expect(list(alignmentLoss(tf.mul(states, 7), tf.mul(environment, 3), weight))[0]).toBeCloseTo(loss[0]!, 5);
});

test('contrastive: each pair against the other rows, at the temperature', () => {
  // Unit vectors in order: two projections p, two environment states e.
  const vectors = [[Math.SQRT1_2, Math.SQRT1_2], [0, 1], [0, 1], [0, -1]]; // biome-ignore format: one line
  const dot = (a: number, b: number) => vectors[a]![0]! * vectors[b]![0]! + vectors[a]![1]! * vectors[b]![1]!;
  const nce = (a: number, b: number) => {
    const rest = [0, 1, 2, 3].filter((i) => i !== a).reduce((sum, i) => sum + Math.exp(dot(a, i) / 0.5), 0);
    return Math.log(rest) - dot(a, b) / 0.5;
  };
  const loss = list(alignmentLoss(states, environment, weight, 0.5));
  expect(loss[0]).toBeCloseTo((nce(0, 2) + nce(2, 0)) / 2, 4);
  expect(loss[1]).toBeCloseTo((nce(1, 3) + nce(3, 1)) / 2, 4);
});

test('states and projection learn, the environment does not; an unknown state has no gradient of its own', () => {
  const { grads } = valueAndGrad((p) => ({ loss: tf.sum(alignmentLoss(p.states!, p.environment!, p.weight!)) }), {
    states,
    environment: tf.tensor2d([[0, 3, 1], [0, 0, 0]]), // biome-ignore format: one line
    weight,
  });
  expect(grads.environment).toBeUndefined();
  expect(list(grads.weight!).some((x) => x !== 0)).toBe(true);
  const [first, second] = [list(grads.states!).slice(0, 2), list(grads.states!).slice(2)];
  expect(first.every(Number.isFinite) && first.some((x) => x !== 0)).toBe(true);
  expect(second.map(Math.abs)).toEqual([0, 0]);
});
