import { fold, key, normal } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { adapted } from './lora.ts';

const [ROWS, INPUTS, OUTPUTS, RANK, SCALE] = [5, 4, 3, 2, 1.5];
const drawn = (name: string, ...shape: number[]): tf.Tensor =>
  tf.tensor(
    normal(
      fold(key(3), name),
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
  );

test.each([false, true])(
  'an adapted product and its gradients are those of W x + scale B A x (transposed %s)',
  async (transposed) => {
    await tf.setBackend('cpu');
    const x = drawn('x', ROWS, INPUTS);
    const weight = transposed ? drawn('w', INPUTS, OUTPUTS) : drawn('w', OUTPUTS, INPUTS);
    const all = [x, weight, drawn('a', RANK, INPUTS), drawn('b', OUTPUTS, RANK)];
    const seed = drawn('dy', ROWS, OUTPUTS);
    const merged = (...[x, w, a, b]: tf.Tensor[]) => adapted(x!, w!, { a: a!, b: b!, scale: SCALE }, transposed);
    const apart = (...[x, w, a, b]: tf.Tensor[]): tf.Tensor => {
      const narrow = tf.matMul(x!, a!, false, true);
      return tf.add(tf.matMul(x!, w!, false, !transposed), tf.mul(tf.matMul(narrow, b!, false, true), SCALE));
    };
    const numbers = (f: (...given: tf.Tensor[]) => tf.Tensor): number[] => {
      const grads = tf.grads((...given: tf.Tensor[]) => tf.sum(tf.mul(f(...given), seed)))(all);
      return [f(...all), ...grads].flatMap((tensor) => [...tensor.dataSync()]);
    };
    const wanted = numbers(apart);
    for (const [i, value] of numbers(merged).entries()) expect(value).toBeCloseTo(wanted[i]!, 4);
  },
);
