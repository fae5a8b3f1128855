import { expect, test } from 'vitest';
import { differenceOf } from './agreement.ts';
import type { Worker } from './process.ts';
import { inTurns, ratioOf, timingOf } from './turns.ts';

const round = (ms: number, cpuMs = ms) => ({ ms, cpuMs, peakMemoryMB: ms, losses: [] });

test('workers take turns, and their first rounds do not count', async () => {
  const order: string[] = [];
  const worker = (name: string): Worker => ({
    ready: { versions: {} },
    round: async () => round(order.push(name)),
    end: async () => {},
  });
  const [a, b] = await inTurns([worker('a'), worker('b')], 2);
  expect(order.join('')).toBe('ababab');
  expect([a!.first.ms, ...a!.rounds.map(({ ms }) => ms)]).toEqual([1, 3, 5]);
  expect(b!.rounds).toHaveLength(2);
});

test('times and ratios are medians', () => {
  const [own, other] = [
    [round(1, 8), round(4, 4), round(3, 6)],
    [round(2), round(4), round(12)],
  ];
  expect(timingOf(own)).toEqual({ msPerStep: 3, msPerStepMin: 1, cpuMsPerStep: 6, peakMemoryMB: 4, rounds: 3 });
  expect(ratioOf(own, other)).toEqual({ ratio: 0.5, ratioMin: 0.5, ratioQuartiles: [0.375, 0.75], cpuRatio: 1.5 });
});

test('numbers that differ or are none are refused', () => {
  expect(differenceOf([2, -4], [2, -4.002], '')).toBeCloseTo(0.0005);
  for (const peer of [[2, 4.1], [2, Number.NaN], [2]])
    expect(() => differenceOf([2, 4], peer, '')).toThrow(/Expected equal losses/);
});
