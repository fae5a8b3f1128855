import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { givenExperiment, planOptions, workWords } from './experiment-args.ts';

const given = { experiment: 'quick', runs: 'runs' };

test('flags set seeds and threads instead of those of the config', async () => {
  const plain = (await givenExperiment(given)).experiment;
  const { experiment } = await givenExperiment({ ...given, seed: '4,5', threads: '3' });
  expect(experiment).toEqual({ ...plain, seeds: [4, 5], threads: 3 });
});

test.each(['0', 'two', '1.5', '', '1025'])('--threads %s is refused', async (threads) => {
  await expect(givenExperiment({ ...given, threads })).rejects.toMatchObject({ code: 'E_FLAG_VALUE' });
});

test('a child process gets all flags that decide the outcome', () => {
  const words = workWords('a-s0-1', { ...given, data: 'd', seed: '1', threads: '3' }).join(' ');
  expect(words).toContain('work quick --run a-s0-1 --runs runs --data d --seed 1 --threads 3');
});

test('a config without runs and baselines is refused', async () => {
  const experiment = join(mkdtempSync(join(tmpdir(), 'lea-config-')), 'empty.json');
  const config = { name: 'empty', dataset: { type: 'world' }, rewards: { click: 1 }, runs: [], baselines: [] };
  writeFileSync(experiment, JSON.stringify(config));
  await expect(givenExperiment({ ...given, experiment })).rejects.toMatchObject({ code: 'E_CONFIG' });
});

test.each(['', ' '])('the experiment "%s" is neither a preset nor the working folder', async (experiment) => {
  await expect(givenExperiment({ ...given, experiment })).rejects.toMatchObject({ code: 'E_PRESET_UNKNOWN' });
});

test('--runs is a folder, which may not exist yet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-runs-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const options = (runs: string) => planOptions({ ...given, runs }, new AbortController().signal);
  for (const runs of [folder, join(folder, 'new')]) expect(options(runs).runs).toBe(runs);
  expect(() => options(file)).toThrow(expect.objectContaining({ code: 'E_FLAG_VALUE', value: file }));
});
