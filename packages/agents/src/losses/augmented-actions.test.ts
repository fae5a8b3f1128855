import { float32, int32 } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { keyTensor, tensors } from '../testing/tensors.ts';
import { augmentedActions } from './augmented-actions.ts';

const rows = 4;
const batch = tensors({
  targets: int32([5, 6, 7, 0, 1, 2, 3, 4, 5, 8, 8, 9], [rows, 3]),
  targetWeights: float32([1, 0, 3, 0, 0.5, 0, 0, 0, 0, 0.2, 0.2, 0.4], [rows, 3]),
  targetRewards: float32([10, 20, 30, 40, 50, 60, 70, 80, 90, 1, 2, 3], [rows, 3]),
});
const list = (x: tf.Tensor) => x.arraySync() as number[][];

test('actions are drawn in proportion to their weights, with their own rewards', () => {
  const draws = 4000;
  const { actions, rewards, kept } = augmentedActions(batch, keyTensor(), draws)!;
  const share = (row: number, reward: number) => list(rewards)[row]!.filter((x) => x === reward).length / draws;
  expect(share(0, 10)).toBeCloseTo(0.25, 1);
  expect(share(0, 20)).toBe(0);
  expect(share(0, 30)).toBeCloseTo(0.75, 1);
  expect(share(1, 50)).toBe(1);
  expect([share(3, 1), share(3, 2), share(3, 3)].map((x) => Math.round(x * 20) / 20)).toEqual([0.25, 0.25, 0.5]);
  const itemOf: Record<number, number> = { 10: 5, 30: 7, 50: 1, 1: 8, 2: 8, 3: 9 };
  for (const row of [0, 1, 3]) {
    expect(list(actions)[row]).toEqual(list(rewards)[row]!.map((reward) => itemOf[reward]));
    expect(new Set(list(kept)[row])).toEqual(new Set([1]));
  }
});

test('a row without weight has no action that counts', () => {
  const { kept, actions } = augmentedActions(batch, keyTensor(), 5)!;
  expect(list(kept)[2]).toEqual([0, 0, 0, 0, 0]);
  for (const item of list(actions)[2]!) expect([3, 4, 5]).toContain(item);
});

test('other keys draw other actions; without rewards or draws there are none', () => {
  const drawn = (seed: number) => list(augmentedActions(batch, keyTensor(seed), 20)!.actions);
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
  expect(augmentedActions(batch, keyTensor(), 0)).toBeUndefined();
  const { targetRewards: _, ...without } = batch;
  expect(augmentedActions(without, keyTensor(), 3)).toBeUndefined();
});
