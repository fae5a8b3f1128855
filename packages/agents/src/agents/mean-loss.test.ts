import '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { meanLoss } from './mean-loss.ts';

test('by hand: the mean of the sums, the mean of each term, what is logged besides', () => {
  const terms = { ce: tf.tensor1d([1, 2]), td: tf.tensor1d([3, 6]) };
  const { loss, metrics, terms: kept } = meanLoss(terms, { 'q/min': tf.scalar(-1) });
  expect(loss.dataSync()[0]).toBe(6);
  expect(Object.fromEntries(Object.entries(metrics).map(([name, x]) => [name, x.dataSync()[0]]))).toEqual({
    'loss/ce': 1.5,
    'loss/td': 4.5,
    'q/min': -1,
  });
  expect(kept).toBe(terms);
});
