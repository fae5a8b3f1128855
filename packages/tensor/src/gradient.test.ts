import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { withGradient } from './gradient.ts';
import { amax, pick, prefixed, stopGradient, useBackend, valueAndGrad } from './index.ts';

test('value, by-products and gradients of the parameters that take part', () => {
  const params = { a: tf.scalar(3), b: tf.scalar(4), unused: tf.scalar(5) };
  const { loss, aux, grads } = valueAndGrad(({ a, b }) => {
    const product = tf.mul(a!, b!);
    return { loss: tf.square(product), aux: { product } };
  }, params);
  expect(loss.dataSync()[0]).toBe(144);
  expect(aux.product!.dataSync()[0]).toBe(12);
  expect(Object.keys(grads)).toEqual(['a', 'b']);
  expect(grads.a!.dataSync()[0]).toBe(2 * 3 * 16);
});

test('leaves no tensors behind within tidy', () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.ones([3]);
    valueAndGrad(({ x }) => ({ loss: tf.sum(tf.mul(stopGradient(x!), x!)), aux: { x: x! } }), { x });
  });
  expect(tf.memory().numTensors).toBe(before);
});

test('stopGradient keeps the numbers and cuts the gradient', () => {
  const { grads } = valueAndGrad(({ x }) => ({ loss: tf.mul(stopGradient(tf.square(x!)), x!) }), { x: tf.scalar(3) });
  expect(grads.x!.dataSync()[0]).toBe(9);
  const x = tf.tensor1d([1, 2]);
  const same = stopGradient(x);
  x.dispose();
  expect([...same.dataSync()]).toEqual([1, 2]);
});

test('gradients of inputs that do not take part are not computed', () => {
  let computed = '';
  const op = (a: tf.Tensor, b: tf.Tensor) =>
    withGradient([a, b], () => ({
      value: tf.mul(a, b),
      saved: [a, b],
      gradients: (dy, [a, b]) => [
        () => {
          computed += 'a';
          return tf.mul(dy, b!);
        },
        () => {
          computed += 'b';
          return tf.mul(dy, a!);
        },
      ],
    }));
  const weight = tf.scalar(2);
  valueAndGrad(({ x }) => ({ loss: op(x!, weight) }), { x: tf.scalar(3) });
  expect(computed).toBe('a');
});

test('names are picked and prefixed', () => {
  const set = prefixed('adam/', { 'm/w': 1, t: 2 });
  expect(set).toEqual({ 'adam/m/w': 1, 'adam/t': 2 });
  expect(pick('adam/m/', set)).toEqual({ w: 1 });
});

test('a backend that does not exist is named', async () => {
  await expect(useBackend('abacus')).rejects.toMatchObject({ code: 'E_BACKEND_MISSING', value: 'abacus' });
  await expect(useBackend('tensorflow', { folder: '/nowhere' })).rejects.toThrow(/npm i @tensorflow\/tfjs-node/);
});

test('amax shares the gradient among equal maxima', () => {
  const x = tf.tensor2d([2, 1, 2, 0, 0, 0], [2, 3]);
  const { loss, grads } = valueAndGrad(({ x }) => ({ loss: tf.sum(tf.mul(amax(x!, 1), [6, 9])) }), { x });
  expect(loss.dataSync()[0]).toBe(12);
  expect([...grads.x!.dataSync()]).toEqual([3, 0, 3, 3, 3, 3]);
});
