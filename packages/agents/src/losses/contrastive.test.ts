import { valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { infoNce } from './contrastive.ts';

const list = (x: tf.Tensor) => Array.from(x.dataSync());

test('by hand: both directions, cosine, all other vectors of both views', () => {
  const half = Math.SQRT1_2;
  const first = tf.tensor2d([2, 0, 0, 5], [2, 2]);
  const second = tf.tensor2d([half, half, 0, -1], [2, 2]);
  // Cosines: a.b 0, a.a' .707, a.b' 0, b.a' .707, b.b' -1, a'.b' -.707.
  const e = (cosine: number) => Math.exp(cosine / 0.5);
  const share = (positive: number, ...others: number[]) => {
    const all = [positive, ...others].map(e);
    return -Math.log(e(positive) / all.reduce((x, y) => x + y));
  };
  const a = (share(half, 0, 0) + share(half, half, -half)) / 2;
  const b = (share(-1, 0, half) + share(-1, 0, -half)) / 2;
  const got = list(infoNce(first, second, 0.5));
  expect(got[0]).toBeCloseTo(a, 5);
  expect(got[1]).toBeCloseTo(b, 5);
});

test('the length of vectors does not matter', () => {
  const first = tf.tensor2d([1, 2, -3, 0.5, 1, 1], [3, 2]);
  const second = tf.tensor2d([0.3, 0.1, 1, 2, -1, 1], [3, 2]);
  const longer = tf.mul(first, tf.tensor2d([3, 0.1, 70], [3, 1]));
  list(infoNce(longer, second, 0.07)).forEach((x, i) => {
    expect(x).toBeCloseTo(list(infoNce(first, second, 0.07))[i]!, 3);
  });
});

test('zero rows: finite, and their gradient is of ordinary size', () => {
  const views = { first: tf.tensor2d([0, 0, 1, 1], [2, 2]), second: tf.tensor2d([0, 0, 1, 0.5], [2, 2]) };
  const { loss, grads } = valueAndGrad(
    ({ first, second }) => ({ loss: tf.sum(infoNce(first!, second!, 0.07)) }),
    views,
  );
  expect(Number.isFinite(list(loss)[0]!)).toBe(true);
  for (const g of Object.values(grads)) {
    for (const x of list(g)) expect(Math.abs(x)).toBeLessThan(100);
  }
});
