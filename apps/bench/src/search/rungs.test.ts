import { expect, test } from 'vitest';
import { bestFirst, maxStepsOf, rungsOf, stepsOf, totalShare } from './rungs.ts';

const halving = (trials: number, eta?: number) => rungsOf({ method: 'successive-halving', trials, eta });
/** Rungs as `trials@resource`, of a budget of `most`. */
const told = (rungs: ReturnType<typeof rungsOf>, most: number): string[] =>
  rungs.map(({ trials, share }) => `${trials}@${Number((share * most).toFixed(9))}`);

test('halving gives the brackets of the paper: 81 trials, a budget of 81, eta 3', () => {
  expect(told(halving(81), 81)).toEqual(['81@1', '27@3', '9@9', '3@27', '1@81']);
});

test('numbers that eta does not divide are rounded down, until fewer than eta trials have the whole budget', () => {
  expect(told(halving(16, 4), 160)).toEqual(['16@10', '4@40', '1@160']);
  expect(told(halving(10, 3), 90)).toEqual(['10@10', '3@30', '1@90']);
  expect(told(halving(8, 3), 90)).toEqual(['8@30', '2@90']);
  // log(243) / log(3) is below 5 in binary.
  expect(halving(243)).toHaveLength(6);
  expect(told(rungsOf({ method: 'random', trials: 7 }), 90)).toEqual(['7@90']);
});

test('all trials together: a trial that goes on pays for the rest of its budget only', () => {
  expect(totalShare(rungsOf({ method: 'random', trials: 7 }))).toBe(7);
  // 27/27 + 9 (1/9 - 1/27) + 3 (1/3 - 1/9) + (1 - 1/3)
  expect(totalShare(halving(27))).toBeCloseTo(3, 12);
  // 8/3 + 2 (1 - 1/3)
  expect(totalShare(halving(8))).toBeCloseTo(4, 12);
});

test('the best come first, the earlier one of equals, and trials without a value last', () => {
  expect(bestFirst([0.2, null, 0.5, 0.2, -1])).toEqual([2, 0, 3, 4, 1]);
  expect(bestFirst([null, null])).toEqual([0, 1]);
});

test('epochs are counted for each of two networks that take turns; a share has at least one step', () => {
  const rows = { rows: 524, batch: 32, networks: 1 };
  // 524 / 32 = 16.375 steps per epoch
  expect(stepsOf({ epochs: 8 }, 1, rows)).toBe(131);
  expect(stepsOf({ epochs: 8 }, 1, { ...rows, networks: 2 })).toBe(262);
  expect(stepsOf({ epochs: 2 }, 1, { ...rows, batch: 1000 })).toBe(2);
  expect(stepsOf({ steps: 81 }, 3 ** -4, rows)).toBe(1);
  expect(stepsOf({ steps: 100 }, 1 / 3, rows)).toBe(33);
  expect(stepsOf({ steps: 5 }, 1 / 9, rows)).toBe(1);
});

const phases = (...steps: (number | 'early-stopping')[]) =>
  steps.map((own, i) => ({ name: `${i}`, optimizer: { lr: 1 }, start: 'last' as const, steps: own }));

test('maxSteps counts per phase: all phases together have the budget', () => {
  expect(maxStepsOf(phases('early-stopping'), 100)).toBe(100);
  expect(maxStepsOf(phases('early-stopping', 'early-stopping'), 101)).toBe(50);
  expect(maxStepsOf(phases(20, 'early-stopping'), 100)).toBe(80);
  // The fixed phase is cut as well.
  expect(maxStepsOf(phases(90, 'early-stopping'), 100)).toBe(50);
  expect(maxStepsOf(phases(20, 30), 100)).toBe(100);
  expect(maxStepsOf(phases('early-stopping', 'early-stopping'), 1)).toBe(1);
});
