import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors } from '@lea/tensor';
import { expect, test } from 'vitest';
import { evaluationRounds } from './rounds.ts';
import { type EvalSettings, scorers } from './settings.ts';

const settings: EvalSettings = { scorer: 'policy', items: 40, batch: 16, threads: 1, steps: 3 };

test.each(scorers)('%s: every round ranks the same', async (scorer) => {
  const measured = await evaluationRounds({ ...settings, scorer });
  const ranks = await measured.round();
  expect(await measured.round()).toEqual(ranks);
  await measured.end();
  expect(ranks).toHaveLength(3);
  for (const rank of ranks) expect(rank).toBeGreaterThan(1);
});

test('the peer gets what gives the same ranks', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lea-speed-'));
  const start = join(folder, 'start.safetensors');
  const measured = await evaluationRounds({ ...settings, start });
  const ranks = await measured.round();
  await measured.end();
  const { tensors } = await readSafetensors(start);
  const { weight, 'inputs/states': states, 'inputs/targets': targets } = tensors;
  await rm(folder, { recursive: true });
  const width = weight!.shape[1]!;
  const score = (row: number, item: number) => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += states!.data[row * width + d]! * weight!.data[item * width + d]!;
    return sum;
  };
  const wanted = Array.from(targets!.data, (target, row) => {
    const own = score(row, target);
    return 1 + Array.from({ length: 40 }, (_, item) => score(row, item)).filter((other) => other > own).length;
  });
  const means = [0, 1, 2].map((i) => wanted.slice(16 * i, 16 * (i + 1)).reduce((a, b) => a + b) / 16);
  for (const [i, rank] of ranks.entries()) expect(rank).toBeCloseTo(means[i]!, 6);
});
