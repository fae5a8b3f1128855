import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { idConfig } from '../testing.ts';
import { connected, decoderInputs, itemInputs, readout, wordInputs } from './connector.ts';

// A decoder of 3 columns, item vectors of 2.
const config = { ...idConfig(3, 1, 4, 0), connector: { width: 2, heads: 1 } };
const tensor = (rows: number[][]): tf.Tensor => tf.tensor2d(rows);
const params = {
  'connector.input.weight': tensor([
    [1, 0],
    [0, 2],
    [1, 1],
  ]),
  'connector.output.weight': tensor([
    [3, 0, 0],
    [0, 3, 3],
  ]),
  'connector.mean': tf.tensor1d([1, 0, 0]),
  'connector.scale': tf.tensor1d([2, 1, 1]),
};

test('inputs are what the decoder reads, then the item vector; words have none', () => {
  const items = itemInputs(params, tensor([[1, 2]]));
  expect(items.arraySync()).toEqual([[1, 4, 3, 1, 2]]);
  const words = wordInputs(params, tensor([[7, 8, 9]]));
  expect(words.arraySync()).toEqual([[7, 8, 9, 0, 0]]);
  const inputs = tf.reshape(tf.concat([words, items], 0), [1, 2, 5]);
  expect(decoderInputs(config, inputs).arraySync()).toEqual([
    [
      [7, 8, 9],
      [1, 4, 3],
    ],
  ]);
});

test('states are standardized by column, normalized and projected; rewards see the item vectors as well', () => {
  const inputs = tf.reshape(tensor([[0, 0, 0, 3, 4]]), [1, 1, 5]);
  // (2, 1, 2) is (2, 1, 2) / sqrt(3) after standardizing and normalizing; 2 columns of 3 make the factor 2/3.
  const states = connected(params, inputs, tf.tensor3d([[[2, 1, 2]]]));
  const read = [(3 * 2) / Math.sqrt(3), (3 * 3) / Math.sqrt(3)].map((x) => (x * 2) / 3);
  const own = [3, 4].map((x) => x / Math.sqrt(12.5));
  const { queries, states: judging } = readout(config, states);
  queries.dataSync().forEach((x, i) => {
    expect(x).toBeCloseTo(read[i]!, 4);
  });
  judging.dataSync().forEach((x, i) => {
    expect(x).toBeCloseTo(read[i]! + own[i]!, 4);
  });
});

test('without a connector everything is the decoder’s own', () => {
  const plain = idConfig(3, 1, 4, 0);
  const x = tensor([[1, 2, 3]]);
  const states = tf.reshape(x, [1, 1, 3]);
  expect(itemInputs({}, x)).toBe(x);
  expect(wordInputs({}, x)).toBe(x);
  expect(decoderInputs(plain, states)).toBe(states);
  expect(connected({}, states, states)).toBe(states);
  expect(readout(plain, states)).toEqual({ queries: states, states });
});
