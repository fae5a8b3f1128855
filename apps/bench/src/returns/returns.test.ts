import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scorer } from '@lea/data';
import { expect, test } from 'vitest';
import { bench, miniFolder } from '../testing/bench.ts';
import { mixOf } from './policies.ts';

interface Numbers {
  readonly name: string;
  readonly head: string | null;
  readonly seeds: number;
  readonly return: { readonly value: number; readonly interval: readonly [number, number] };
  readonly ndcg: number | null;
  readonly difference?: { readonly value: number };
}

test('trains, visits with every head, and tells what is earned', async () => {
  const encoder = { type: 'gru4rec', width: 8 };
  const train = { sampler: { type: 'independent' }, batch: 32, maxSteps: 4 };
  const folder = miniFolder((config) => ({
    ...config,
    dataset: { type: 'world', users: 80, items: 60, tastes: 4, dynamics: { lead: 0.6 } },
    environments: {},
    seeds: [0, 1],
    baselines: [{ type: 'popularity' }],
    runs: [
      { name: 'CE', agent: { type: 'ce', encoder }, train },
      { name: 'SQN', base: 'CE', agent: { type: 'sqn', encoder } },
    ],
  }));
  const { code, stdout, stderr } = await bench(['returns', 'mini.json', '--users', '40'], folder);
  expect(stderr).toContain('visits of SQN, seed 1');
  expect([code, existsSync(join(folder, 'returns.html'))]).toEqual([0, true]);
  expect(stdout).toContain('NX_X');
  const { numbers, world } = JSON.parse(readFileSync(join(folder, 'returns.numbers.json'), 'utf8'));
  expect(world.dynamics).toMatchObject({ lead: 0.6, cold: 0.1 });
  const free: Numbers[] = numbers.FreeB;
  const of = (name: string, head: string | null = null) => free.find((row) => row.name === name && row.head === head)!;
  expect(free).toHaveLength(8);
  expect(free.map((row) => row.return.value)).toEqual(free.map((row) => row.return.value).sort((a, b) => b - a));
  for (const head of ['supervised', 'q', 'mix']) expect(of('SQN', head)).toMatchObject({ seeds: 2 });
  expect(of('SQN', 'q').ndcg).not.toBe(of('SQN', 'supervised').ndcg);
  expect(of('CE', 'supervised').difference).toBeUndefined();
  expect(of('SQN', 'q').difference!.value).toBeCloseTo(
    of('SQN', 'q').return.value - of('CE', 'supervised').return.value,
    9,
  );
  const known = of('planner that knows the users');
  expect(known.ndcg).toBeNull();
  expect(known.return.value).toBeGreaterThan(of('greedy that knows the users').return.value);
  expect(of('greedy that knows the users').return.interval[0]).toBeGreaterThan(of('random items').return.interval[1]);
});

test('refuses a world without dynamics before anything is trained', async () => {
  const { code, stderr } = await bench(['returns', 'mini.json'], miniFolder());
  expect([code, stderr]).toEqual([1, expect.stringContaining('Expected a world with dynamics')]);
});

test('mixes standardized scores', async () => {
  const scorer = (...row: number[]): Scorer => ({
    name: 'by hand',
    items: 3,
    window: 1,
    score: ({ size }) => Float32Array.from({ length: size * 3 }, (_, i) => row[i % 3]!),
  });
  // Rows 0, 3, 6 and 5, 5, 8 have standard deviations sqrt(6) and sqrt(2).
  const mixed = await mixOf(scorer(0, 3, 6), scorer(5, 5, 8)).score({
    items: Int32Array.of(0, 0),
    length: Int32Array.of(1, 1),
    size: 2,
    window: 1,
  });
  const row = [-3 / Math.sqrt(6) - 1 / Math.sqrt(2), -1 / Math.sqrt(2), 3 / Math.sqrt(6) + 2 / Math.sqrt(2)];
  expect(mixed).toHaveLength(6);
  for (const [i, value] of mixed.entries()) expect(value).toBeCloseTo(row[i % 3]!, 6);
});
