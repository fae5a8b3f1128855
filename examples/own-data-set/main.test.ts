import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands', async () => {
  expect(await main()).toEqual([
    '60 users, 30 items, 632 events: click, purchase',
    'the first text: Velluto Aria pannier bag 340, black. Velluto.',
    'train 515, validation 34, test 83 decisions',
    '1 of 6 test users share a run of events with others',
  ]);
});

it('runs in the bench', async () => {
  const bench = join(import.meta.dirname, '../../apps/bench/src/main.ts');
  const runs = await mkdtemp(join(tmpdir(), 'own-data-set-'));
  const files = ['--runs', runs, '--report', join(runs, 'report.html'), '--json'];
  const args = ['--conditions=@lea/source', bench, 'run', join(import.meta.dirname, 'bench.json'), ...files];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).name);
  expect(names).toEqual(['popularity', 'co-occurrence + text', 'SASRec']);
  await rm(runs, { recursive: true });
});
