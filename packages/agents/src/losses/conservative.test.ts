import { valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { conservativePenalty } from './conservative.ts';

const list = (x: tf.Tensor) => Array.from(x.dataSync());
const lse = (x: readonly number[]) => Math.log(x.reduce((sum, v) => sum + Math.exp(v), 0));

const q = [
  [1, -2, 0.5],
  [0, 3, -1],
];
const logged = tf.tensor1d([q[0]![2]!, q[1]![0]!]);

test('over the catalog, by hand, with and without temperature', () => {
  const all = tf.tensor2d(q);
  const at1 = list(conservativePenalty(all, logged, { items: 3 }));
  const at2 = list(conservativePenalty(all, logged, { items: 3, temperature: 0.5 }));
  q.forEach((row, i) => {
    const own = list(logged)[i]!;
    expect(at1[i]).toBeCloseTo(lse(row) - own, 5);
    expect(at2[i]).toBeCloseTo(0.5 * lse(row.map((x) => x / 0.5)) - own, 5);
  });
});

test('a low temperature leaves the gap to the greatest value', () => {
  const [a, b] = list(conservativePenalty(tf.tensor2d(q), logged, { items: 3, temperature: 0.01 }));
  expect(a).toBeCloseTo(0.5, 4);
  expect(b).toBeCloseTo(3, 4);
});

test('its gradient is the policy softmax(Q) minus the logged action', () => {
  const { grads } = valueAndGrad(
    ({ all }) => ({
      loss: tf.sum(
        conservativePenalty(all!, tf.gather(tf.reshape(all!, [6]), tf.tensor1d([2, 3], 'int32')), { items: 3 }),
      ),
    }),
    { all: tf.tensor2d(q) },
  );
  const actions = [2, 0];
  const wanted = q.flatMap((row, i) => row.map((x, b) => Math.exp(x - lse(row)) - Number(b === actions[i])));
  list(grads.all!).forEach((g, i) => {
    expect(g).toBeCloseTo(wanted[i]!, 5);
  });
});

test.each([
  ['uniform', undefined, 1],
  ['by a distribution', [0.2, 0.5, 0.3], 1],
  ['at a temperature', [0.2, 0.5, 0.3], 0.5],
] as const)('candidates drawn %s: the sum within the logarithm is right on average', (_, shares, temperature) => {
  const p = shares ?? [1 / 3, 1 / 3, 1 / 3];
  const logQ = shares && tf.log(tf.tensor1d([...shares]));
  const average = [0, 0];
  for (const a of [0, 1, 2]) {
    for (const b of [0, 1, 2]) {
      const candidates = tf.tensor1d([a, b], 'int32');
      const values = tf.tensor2d(q.map((row) => [row[a]!, row[b]!]));
      const penalty = list(conservativePenalty(values, logged, { items: 3, candidates, logQ, temperature }));
      penalty.forEach((x, i) => {
        average[i]! += p[a]! * p[b]! * Math.exp((x + list(logged)[i]!) / temperature);
      });
    }
  }
  q.forEach((row, i) => {
    const whole = row.reduce((sum, x) => sum + Math.exp(x / temperature), 0);
    // The logged action is counted once more.
    expect(average[i]).toBeCloseTo(whole + Math.exp(list(logged)[i]! / temperature), 3);
  });
});
