import { key, normal, uniform } from '@lea/core';
import { expect, test } from 'vitest';
import { plattScaling } from './platt-scaling.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test('two rewards on each side: the shares with smoothed targets, by hand', () => {
  // At reward 1, 3 of 4 are logged; at -1, 1 of 4. With targets 5/6 and 1/6 these are 4/6 and 2/6.
  const { slope, intercept } = plattScaling([1, 1, 1, -1], [1, -1, -1, -1]);
  expect(sigmoid(slope + intercept)).toBeCloseTo(4 / 6, 6);
  expect(sigmoid(intercept - slope)).toBeCloseTo(2 / 6, 6);
});

test('slope and intercept of what was drawn are found, wherever rewards lie', () => {
  const size = 20000;
  const rewards = Array.from(normal(key(1), size), (v) => 40 + 10 * v);
  const coins = uniform(key(2), size);
  const took = rewards.map((reward, i) => coins[i]! < sigmoid(0.2 * reward - 8));
  const { slope, intercept } = plattScaling(
    rewards.filter((_, i) => took[i]),
    rewards.filter((_, i) => !took[i]),
  );
  expect(slope).toBeCloseTo(0.2, 1);
  expect(-intercept / slope).toBeCloseTo(40, 0);
});

test('rewards that say nothing say even odds', () => {
  expect(plattScaling([2, 2], [2, 2])).toEqual({ slope: expect.closeTo(0, 9), intercept: expect.closeTo(0, 9) });
  // Separable ones stay finite: the targets are not 0 and 1.
  const { slope, intercept } = plattScaling([5, 6, 7], [1, 2, 3]);
  expect(slope).toBeGreaterThan(0);
  expect(sigmoid(slope * 7 + intercept)).toBeLessThan(1);
});
