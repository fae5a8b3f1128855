import { key, normal } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { follow, rowsOf, usersOf } from '../testing.ts';
import { fitEnvironment } from './fit-environment.ts';
import { amongAll } from './validation.ts';

test('ranks and losses among all items, equal ones counting half', async () => {
  await tf.setBackend('cpu');
  // Logits 3 1 3 2 1 for both rows.
  const states = tf.tensor3d([1, 1], [1, 2, 1]);
  const table = tf.tensor2d([3, 1, 3, 2, 1], [5, 1]);
  const target = tf.tensor2d([2, 1], [1, 2], 'int32');
  const normalizer = Math.log(2 * Math.exp(3) + Math.exp(2) + 2 * Math.exp(1));
  for (const most of [1, 4, 6, 100]) {
    const { rank, loss } = amongAll({ states, table, repetition: undefined }, target, most);
    expect([...rank.dataSync()]).toEqual([0.5, 3.5]);
    expect(loss.dataSync()[0]).toBeCloseTo(normalizer - 3, 5);
    expect(loss.dataSync()[1]).toBeCloseTo(normalizer - 1, 5);
  }
});

test('what says nothing ranks every target in the middle', async () => {
  await tf.setBackend('cpu');
  const table = tf.tensor2d(normal(key(1), 80), [20, 4]);
  const target = tf.tensor2d([0, 7, 19], [3, 1], 'int32');
  const { rank } = amongAll({ states: tf.zeros([3, 1, 4]), table, repetition: undefined }, target);
  expect([...rank.dataSync()]).toEqual([9.5, 9.5, 9.5]);
});

const users = Array.from({ length: 12 }, (_, u) => Array.from({ length: 5 }, (_, t) => (u + t) % 9));
const all = rowsOf(users, 9);
const train = usersOf(all, (u) => u < 8);
const small = { train, width: 8, layers: 1, heads: 1, window: 4, epochs: 1, dropout: 0 };

test('its loss is over all items, whatever the fit contrasts with', async () => {
  const losses: number[] = [];
  for (const contrast of ['softmax', 'sampled-softmax'] as const) {
    // The parameters stay what they are.
    const options = { ...small, validation: usersOf(all, (u) => u >= 8), loss: contrast, sampledItems: 2, lr: 1e-60 };
    const env = await follow(
      fitEnvironment(options),
      ({ metrics }) => metrics && losses.push(metrics['validation sm']!),
    );
    await env.dispose();
  }
  expect(losses[1]).toBe(losses[0]);
  // Fresh states say next to nothing of 9 items.
  expect(losses[0]).toBeCloseTo(Math.log(9), 1);
});

test('it ends when the fit is aborted', async () => {
  const stop = new AbortController();
  const fit = fitEnvironment({ ...small, validation: usersOf(all, (u) => u >= 8), signal: stop.signal });
  // Its batch is all that is left of the only epoch after the first event.
  await expect(follow(fit, () => stop.abort())).rejects.toThrow('abort');
});

test('sets that cannot be measured on are named', async () => {
  const fit = (validation: typeof train) => fitEnvironment({ ...small, validation });
  await expect(fit(usersOf(all, () => false))).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
  await expect(fit(rowsOf(users, 12))).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  const { itemIds } = all.sequences;
  const reversed = { ...all, sequences: { ...all.sequences, itemIds: itemIds.toReversed() } };
  await expect(fit(reversed)).rejects.toThrow('same order');
});
