import { expect, test } from 'vitest';
import type { RunConfig } from '../config/schema.ts';
import { finishedRun as run } from '../testing/finished-run.ts';
import { conclusions } from './conclusions.ts';
import { resultTable } from './table.ts';

const configs: RunConfig[] = [
  { name: 'CE' },
  { name: 'CE-LEA', base: 'CE', controlRun: 'CE-LEA (id only)', environment: 'language' },
  { name: 'CE-LEA (id only)', base: 'CE', environment: 'ids' },
];

/** A run that trained for `steps` of at most 100, with these points on validation. */
const trained = (name: string, steps: number, curve: [number, number][], agent: object = {}, maxSteps = 100) => {
  const points = curve.map(([step, value]) => ({ step, value }));
  const best = points.toSorted((a, b) => b.value - a.value)[0]!;
  const given = {
    training: { steps, best, curve: points, parameters: 1 },
    config: { config: { agent, train: { maxSteps } } },
  };
  return run(name, 'run', 3, [2], given as never);
};

test('a run that ended at its limit while still rising is marked', () => {
  const rising = trained('rising', 100, [[50, 0.1], [100, 0.2]]); // biome-ignore format: one line
  const falling = trained('falling', 100, [[50, 0.2], [100, 0.1]]); // biome-ignore format: one line
  const stopped = trained('stopped', 60, [[50, 0.1], [60, 0.2]]); // biome-ignore format: one line
  const { rows, notes } = resultTable([rising, falling, stopped]);
  expect(rows.map(([name]) => name)).toEqual(['rising ↑', 'falling', 'stopped']);
  expect(notes?.join()).toContain('↑ Training stopped at maxSteps');
});

test('equal steps of one network and of two are told to be unequal training', () => {
  const curve: [number, number][] = [[100, 0.1]];
  const pair: RunConfig[] = [{ name: 'CE' }, { name: 'SNQN', base: 'CE' }];
  const [ce, snqn] = [trained('CE', 100, curve), trained('SNQN', 100, curve, { target: 'coin' })];
  expect(conclusions([ce, snqn], pair, []).at(-1)).toMatch(/SNQN divides its steps between two networks\.$/);
  const polyak = trained('SNQN', 100, curve, { target: 'polyak' });
  expect(conclusions([ce, polyak], pair, []).at(-1)).not.toMatch(/networks/);
  // Twice the steps for two networks are equal training.
  const twice = trained('SNQN', 200, [[200, 0.1]], { target: 'coin' }, 200);
  expect(conclusions([ce, twice], pair, []).at(-1)).not.toMatch(/networks/);
  const early = trained('SNQN', 90, curve, { target: 'coin' });
  expect(conclusions([ce, early], pair, []).at(-1)).not.toMatch(/networks/);
});

test('a control has the interval over seeds, and it is said where it was still improving', () => {
  const two = (name: string, ranks: number[]) =>
    ranks.map((rank, seed) => run(name, 'run', rank, [rank + 1], { seed }));
  const seeded = [...two('CE', [8, 9]), ...two('CE-LEA', [1, 3]), ...two('CE-LEA (id only)', [3, 5])];
  expect(conclusions(seeded, configs, [])[1]).toMatch(
    /beats this control: \+[^.]*\.\d+ \([^)]*\)\. With only 2 seeds of training, too few to know how much it varies, the 95 % interval is −\d\.\d+ to \+\d\.\d+\.$/,
  );
  const control = trained('CE-LEA (id only)', 100, [[50, 0.1], [100, 0.2]]); // biome-ignore format: one line
  const said = conclusions([run('CE', 'run', 8, [9]), run('CE-LEA', 'run', 2), control], configs, []);
  expect(said[1]).toMatch(/beats this control: [^;]*\)\. The control was still improving \(↑\)\.$/);
  expect(said.join(' ').match(/still improving/g)).toHaveLength(1);
});
