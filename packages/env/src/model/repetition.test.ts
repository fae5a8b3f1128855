import { integers, key, normal } from '@lea/core';
import { int32, toTensor } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { amongAll } from '../fit/validation.ts';
import { segmentMask } from '../language-model/decoders/masks.ts';
import { decayOf, visibleOf } from './memory.ts';
import { normalizerAfter, positionLogits, repetitionOf } from './repetition.ts';

const [B, T, S, N] = [3, 7, 4, 9];
const WEIGHT = 2.5;
/** Few items, so that they repeat; ids of N and more are no items. */
const slots = integers(key(1), B * T, N + 2);
const segments = Int32Array.from({ length: B * T }, (_, i) => (i % T < 4 ? 0 : i % T < 6 ? 1 : -1));
const target = integers(key(2), B * T, N);
const values = { states: normal(key(3), B * T * S), table: normal(key(4), N * S) };

beforeAll(() => tf.setBackend('cpu'));

function made(weight: tf.Tensor = tf.tensor1d([WEIGHT])) {
  const mask = segmentMask(toTensor(int32(segments, [B, T])));
  const decay = decayOf({ 'memory.decay': tf.tensor1d([0.1]) }, mask);
  const ids = toTensor(int32(slots, [B, T]));
  const repetition = repetitionOf(weight, { decay, visible: visibleOf(mask) }, ids, N);
  const states = tf.tensor3d(values.states, [B, T, S]);
  const table = tf.tensor2d(values.table, [N, S]);
  return { repetition, states, table, decay };
}

/** All logits with repetition, slot by slot: [B * T][N]. */
function dense(): number[][] {
  const { states, table, decay } = made();
  const logits = tf.matMul(tf.reshape(states, [B * T, S]), table, false, true).arraySync() as number[][];
  const left = decay.arraySync() as number[][][];
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      for (let j = 0; j < T; j++) {
        const item = slots[b * T + j]!;
        if (item < N) logits[b * T + t]![item]! += WEIGHT * left[b]![t]![j]!;
      }
    }
  }
  return logits;
}

const logSumExp = (row: number[]) => Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));

test('the normalizer is that of all logits with the bonus added, repeated items included', () => {
  const { repetition, states, table } = made();
  const plain = tf.reshape(tf.logSumExp(tf.matMul(tf.reshape(states, [B * T, S]), table, false, true), 1), [B, T]);
  const got = normalizerAfter(repetition, positionLogits(repetition, states, table), plain).dataSync();
  dense().forEach((row, i) => {
    expect(got[i]).toBeCloseTo(logSumExp(row), 4);
  });
});

test('what given items get', () => {
  const { repetition, states, table } = made();
  const plain = tf.matMul(tf.reshape(states, [B * T, S]), table, false, true).arraySync() as number[][];
  const all = dense();
  const ofTargets = repetition.of(toTensor(int32(target, [B, T]))).dataSync();
  const ofSome = tf.reshape(repetition.of(tf.tensor1d([5, 0, 8], 'int32')), [B * T, 3]).arraySync() as number[][];
  for (let i = 0; i < B * T; i++) {
    const bonus = (item: number) => all[i]![item]! - plain[i]![item]!;
    expect(ofTargets[i]).toBeCloseTo(bonus(target[i]!), 4);
    [5, 0, 8].forEach((item, k) => {
      expect(ofSome[i]![k]).toBeCloseTo(bonus(item), 4);
    });
  }
});

test('ranks and losses among all items', () => {
  const { repetition, states, table } = made();
  const { rank, loss } = amongAll({ states, table, repetition }, toTensor(int32(target, [B, T])), 40);
  dense().forEach((row, i) => {
    const own = row[target[i]!]!;
    expect(rank.dataSync()[i]).toBe(row.filter((x) => x > own).length);
    expect(loss.dataSync()[i]).toBeCloseTo(logSumExp(row) - own, 4);
  });
});

test('the gradient of the weight', () => {
  const loss = (weight: tf.Tensor): tf.Tensor => {
    const { repetition, states, table } = made(weight);
    const plain = tf.reshape(tf.logSumExp(tf.matMul(tf.reshape(states, [B * T, S]), table, false, true), 1), [B, T]);
    const after = normalizerAfter(repetition, positionLogits(repetition, states, table), plain);
    return tf.sum(tf.sub(after, repetition.of(toTensor(int32(target, [B, T])))));
  };
  const gradient = tf
    .grad(loss)(tf.tensor1d([WEIGHT]))
    .dataSync()[0]!;
  const at = (x: number) => loss(tf.tensor1d([x])).dataSync()[0]!;
  expect(gradient).toBeCloseTo((at(WEIGHT + 0.01) - at(WEIGHT - 0.01)) / 0.02, 2);
});
