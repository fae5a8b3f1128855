import { key } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { gru4rec } from './gru4rec.ts';
import { histories, mode, near, rows, shape } from './testing.ts';

test('gru4rec by hand: where the reset gate comes in', () => {
  const params = {
    'emb.weight': tf.tensor2d([2, 3, 100], [3, 1]),
    // Of the gates r and z, and of the candidate n.
    'enc.gru.weight_ih_l0': tf.tensor2d([0.1, -0.2, 0.3], [3, 1]),
    'enc.gru.weight_hh_l0': tf.tensor2d([0.5, 0.4, -0.6], [3, 1]),
    'enc.gru.bias_ih_l0': tf.tensor1d([1, 1, 0.2]),
    'enc.gru.bias_hh_l0': tf.tensor1d([0, 0, 0.7]),
  };
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const steps = (candidate: (x: number, r: number, h: number) => number) =>
    [2, 3].reduce((h, x) => {
      const r = sigmoid(0.1 * x + 0.5 * h + 1);
      const z = sigmoid(-0.2 * x + 0.4 * h + 1);
      return (1 - z) * Math.tanh(candidate(x, r, h)) + z * h;
    }, 0);
  const state = (gates: 'torch' | 'tensorflow') =>
    rows(gru4rec({ width: 1, gates }).encode(params, histories([[0, 1, 2]], [2]), mode))[0]!;
  near(state('torch'), [steps((x, r, h) => 0.3 * x + 0.2 + r * (-0.6 * h + 0.7))], 1e-6);
  near(state('tensorflow'), [steps((x, r, h) => 0.3 * x + 0.2 - 0.6 * (r * h))], 1e-6);
});

test('gru4rec, tensorflow: gate biases begin at 1, weights lie within the Xavier bounds of their two parts', () => {
  const width = 16;
  const params = gru4rec({ width, gates: 'tensorflow' }).init(key(1), shape);
  expect(
    Object.keys(params)
      .filter((name) => name.includes('gru'))
      .map((name) => name.slice(8)),
  ).toEqual(['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0']);
  expect(Array.from(params['enc.gru.bias_ih_l0']!.data)).toEqual([...Array(32).fill(1), ...Array(16).fill(0)]);
  for (const name of ['enc.gru.weight_ih_l0', 'enc.gru.weight_hh_l0']) {
    const largest = (from: number, to: number) =>
      Math.max(...params[name]!.data.slice(from * width, to * width).map(Math.abs));
    const [gates, candidate] = [Math.sqrt(6 / 64), Math.sqrt(6 / 48)];
    expect(largest(0, 32)).toBeLessThanOrEqual(gates);
    expect(largest(32, 48)).toBeLessThanOrEqual(candidate);
    expect(largest(32, 48)).toBeGreaterThan(gates);
  }
});
