import { fold, key, normal, uniform } from '@lea/core';
import { expect, test } from 'vitest';
import { auc } from './auc.ts';
import { calibrate, calibrateRewards } from './calibration.ts';
import { plattSlope } from './platt-scaling.ts';

/** The margin whose probability this is. */
const margin = (p: number): number => Math.log(p / (1 - p));

test('AUC counts pairs, ties one half', () => {
  expect(auc([3, 1], [2, 0])).toBe(3 / 4);
  expect(auc([1, 1], [1, 0])).toBe(3 / 4);
  expect(auc([1, Number.NaN], [0, Number.NaN])).toBe(1);
  expect(auc([10, 9], [2, 100])).toBe(1 / 2);
});

test('calibration by hand', () => {
  // Confidences .62 (right twice, wrong once), .91 (right, wrong) and .5 (a tie).
  const margins = [margin(0.62), margin(0.62), -margin(0.62), margin(0.91), -margin(0.91), 0, Number.NaN];
  const { bins, ece, slope } = calibrate(margins);
  expect(slope).toBe(1);
  expect(bins).toHaveLength(10);
  expect(bins.map((bin) => bin.count)).toEqual([1, 0, 3, 0, 0, 0, 0, 0, 2, 0]);
  expect(bins[2]!.from).toBeCloseTo(0.6, 12);
  expect(bins[2]!.predicted).toBeCloseTo(0.62, 12);
  expect(bins[2]!.observed).toBeCloseTo(2 / 3, 12);
  expect(bins[8]!.observed).toBe(0.5);
  expect(bins[0]).toMatchObject({ predicted: 0.5, observed: 0.5 });
  expect(bins[1]!.predicted).toBeNaN();
  expect(ece).toBeCloseTo((3 * (2 / 3 - 0.62) + 2 * (0.91 - 0.5)) / 6, 12);
});

test('probabilities of single rewards by hand', () => {
  // sigmoid(2 R - 1) is .62 of the rewards below named .62, and so on; every un-interacted item counts half.
  const reward = (p: number): number => (margin(p) + 1) / 2;
  const logged = [reward(0.62), reward(0.62), reward(0.05), Number.NaN];
  const other = [...Array(4).fill(reward(0.62)), reward(0.05), reward(0.99), Number.NaN];
  const { bins, ece, slope, intercept } = calibrateRewards(logged, other, { slope: 2, intercept: -1 });
  expect([slope, intercept]).toEqual([2, -1]);
  expect(bins.map((bin) => bin.count)).toEqual([1.5, 0, 0, 0, 0, 0, 4, 0, 0, 0.5]);
  expect(bins[6]).toMatchObject({ observed: 0.5 });
  expect(bins[6]!.predicted).toBeCloseTo(0.62, 12);
  expect(bins[0]!.observed).toBeCloseTo(2 / 3, 12);
  expect([bins[6]!.from, bins[6]!.to]).toEqual([0.6, 0.7]);
  expect(ece).toBeCloseTo((1.5 * (2 / 3 - 0.05) + 4 * 0.12 + 0.5 * 0.99) / 6, 12);
});

test('a negative slope turns preferences round', () => {
  const { bins } = calibrate([2, 2, -2], -1);
  expect(bins[7]).toMatchObject({ count: 3, observed: 1 / 3 });
  expect(calibrate([Number.POSITIVE_INFINITY, 0], 0.5).bins.at(-1)).toMatchObject({ predicted: 1, observed: 1 });
});

test('the slope of overconfident margins is found, and mends them', () => {
  const root = key(1);
  const honest = normal(fold(root, 'margins'), 20_000);
  const chance = uniform(fold(root, 'outcomes'), 20_000);
  // With the logged item first, a margin is negative where the model was wrong.
  const said = honest.map((m, i) => 3 * (chance[i]! < 1 / (1 + Math.exp(-m)) ? m : -m));
  const slope = plattSlope(said.subarray(0, 10_000));
  expect(slope).toBeGreaterThan(0.3);
  expect(slope).toBeLessThan(0.37);
  const [before, after] = [calibrate(said.subarray(10_000)), calibrate(said.subarray(10_000), slope)];
  expect(before.ece).toBeGreaterThan(0.1);
  expect(after.ece).toBeLessThan(0.02);
});

test('slopes stay finite where comparisons are all won, all lost, all ties, or of any scale', () => {
  for (const scale of [1e-6, 1, 1e6]) {
    const won = plattSlope([scale, 2 * scale, 3 * scale]);
    expect(won * scale).toBeGreaterThan(0.5);
    expect(won * scale).toBeLessThan(10);
    expect(plattSlope([-scale, -2 * scale, -3 * scale])).toBeCloseTo(-won, 6);
  }
  expect(plattSlope([0, 0])).toBe(1);
  expect(plattSlope([Number.NaN, Number.POSITIVE_INFINITY])).toBe(1);
});
