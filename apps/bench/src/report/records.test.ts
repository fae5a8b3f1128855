import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSealed } from '@lea/core/node';
import { beforeAll, expect, test } from 'vitest';
import { readRecords } from '../index.ts';
import { writeEventFiles } from '../tensorboard/write.ts';
import { bench, miniFolder } from '../testing/bench.ts';

let folder = '';

beforeAll(async () => {
  folder = miniFolder((config) => ({
    ...config,
    dataset: { type: 'world', users: 40, items: 30 },
    seeds: [0, 1],
    baselines: [{ type: 'popularity' }, { type: 'counting-memory' }],
    environments: { counting: { itemInput: 'id', tier: 'counting' } },
    metrics: ['hr@5'],
    exclude: 'seen',
    lists: { metrics: ['coverage@5', 'similarity@10', 'recall@10'], per: 'user' },
    runs: [
      {
        name: 'plain',
        agent: { type: 'ce', encoder: { type: 'gru4rec', width: 8 } },
        train: { batch: 16, maxSteps: 8, evaluateEvery: 4 },
      },
      { name: 'taught', base: 'plain', environment: 'counting' },
      { name: 'memory', base: 'plain', network: 'plain', memory: {} },
    ],
  }));
  const { code, stderr } = await bench(['run', 'mini.json'], folder);
  expect(code, stderr).toBe(0);
}, 600_000);

test('all runs and baselines are one table, a row per run and seed', async () => {
  const table = await readRecords(join(folder, 'runs'));
  const rows = table.objects() as Record<string, unknown>[];
  expect(rows.map(({ name, seed }) => [name, seed])).toEqual([
    ['counting memory', 0],
    ['memory', 0],
    ['memory', 1],
    ['plain', 0],
    ['plain', 1],
    ['popularity', 0],
    ['taught', 0],
    ['taught', 1],
  ]);
  for (const row of rows) {
    const record = JSON.parse(readFileSync(join(row.folder as string, 'record.json'), 'utf8'));
    expect(record.protocol.evaluation.exclude).toBe('seen');
    expect(row).toMatchObject({ experiment: 'mini', dataset: 'world', id: record.id, ...record.metrics });
    expect(row['lists/coverage@5']).toBe(record.lists.metrics['coverage@5']);
    expect(record.lists).toMatchObject({ per: 'user', exclude: 'seen' });
    for (const value of Object.values(record.lists.metrics)) expect(value).toBeGreaterThan(0);
    expect(row).toMatchObject({ seconds: record.seconds, weightsHash: record.weightsHash, dataHash: record.dataHash });
  }
  const [, memory, , plain, , popularity, taught] = rows;
  expect(plain).toMatchObject({ kind: 'run', agent: 'ce', encoder: 'gru4rec', environment: null, steps: 8 });
  expect(memory).toMatchObject({ agent: 'ce', encoder: 'gru4rec', memoryHash: expect.any(String), steps: null });
  expect(popularity).toMatchObject({ kind: 'baseline', agent: null, encoder: null, weightsHash: null });
  expect(taught).toMatchObject({ environment: 'counting', environmentHash: expect.any(String) });
  // A config is known by its hash, whatever the seed.
  const hashes = rows.map(({ configHash }) => configHash);
  expect([hashes[1], hashes[3], hashes[6]]).toEqual([hashes[2], hashes[4], hashes[7]]);
  expect(new Set(hashes).size).toBe(5);
  expect((await readRecords(join(folder, 'runs', 'mini'))).numRows()).toBe(8);
});

test('a run beside experiments hides none of them, and what is within a run or an experiment is no run', async () => {
  const runs = join(folder, 'beside');
  cpSync(join(folder, 'runs', 'mini'), join(runs, 'mini'), { recursive: true });
  const [first] = readdirSync(join(runs, 'mini')).filter((name) => name.startsWith('popularity'));
  cpSync(join(runs, 'mini', first!), join(runs, first!), { recursive: true });
  expect((await readRecords(runs)).numRows()).toBe(9);
  const trial = join(runs, 'mini', 'search', 'plain-0');
  mkdirSync(trial, { recursive: true });
  await writeSealed(join(trial, 'record.json'), { kind: 'trial', id: 'plain-0' });
  const estimate = join(runs, first!, 'off-policy-1');
  mkdirSync(estimate);
  await writeSealed(join(estimate, 'record.json'), { seconds: 1 });
  expect((await readRecords(runs)).numRows()).toBe(9);
  expect((await readRecords(join(runs, 'mini'))).numRows()).toBe(8);
  await expect(readRecords(join(runs, 'mini', 'search'))).rejects.toMatchObject({
    code: 'E_RUNS_UNFINISHED',
    message: expect.stringContaining('trials of a search only'),
  });
});

test('a folder without runs is an error', async () => {
  await expect(readRecords(join(folder, 'none'))).rejects.toMatchObject({ code: 'E_RUNS_UNFINISHED' });
});

test('collect writes the table in a form for other programs', async () => {
  const collect = (...more: string[]) => bench(['collect', 'mini.json', ...more], folder);
  const csv = await collect('--format', 'csv');
  expect([csv.code, csv.stderr]).toEqual([0, expect.stringContaining('The best trained policy')]);
  const lines = csv.stdout.trim().split('\n');
  expect(lines[0]).toBe('model,kind,seeds,metric,mean,deviation,low,high,best,source,protocol,rising,memoryAlone');
  // NDCG, HR and MRR at 10, HR@5, NDCG@10 of both kinds, and three metrics of lists, for five models.
  expect(lines).toHaveLength(1 + 9 * 5);
  expect(lines.join('\n')).toMatch(/^plain,run,2,lists\/coverage@5,[.\d]+,[.\d]+,,,false,,,(true|false),0$/m);
  expect(lines.filter((line) => line.startsWith('plain,run,2,hr@5,'))).toHaveLength(1);
  expect((await collect('--format', 'csv', '--json')).stderr).toContain('E_FLAG_VALUE');
});

test('a table for a paper names the models that are not finished, and its seeds and users', async () => {
  const config = JSON.parse(readFileSync(join(folder, 'mini.json'), 'utf8'));
  const later = { ...config.runs[0], name: 'later_on' };
  writeFileSync(join(folder, 'more.json'), JSON.stringify({ ...config, runs: [...config.runs, later] }));
  const latex = await bench(['collect', 'more.json', '--format', 'latex'], folder);
  expect([latex.code, latex.stderr]).toEqual([0, expect.stringContaining('Not finished: later-on-s1')]);
  expect(latex.stdout).toMatch(
    /^% ±: standard deviation over 2 seeds of training; [\d,]+ test events of [\d,]+ users\n% not finished: later_on$/m,
  );
  const one = await bench(['collect', 'mini.json', '--format', 'latex', '--seed', '0'], folder);
  expect(one.stdout).toMatch(/^% one seed; [\d,]+ test events of [\d,]+ users$/m);
  expect(one.stdout).not.toContain('not finished');
});

test('tensorboard writes an event file for each run, or for those of one config', async () => {
  const runs = join(folder, 'runs');
  expect(await writeEventFiles(runs, join(folder, 'all'))).toEqual({ count: 8, of: 'run' });
  const config = JSON.parse(readFileSync(join(folder, 'mini.json'), 'utf8'));
  writeFileSync(
    join(folder, 'plain.json'),
    JSON.stringify({ ...config, baselines: [], runs: config.runs.slice(0, 1) }),
  );
  const { code, stdout, stderr } = await bench(['tensorboard', 'plain.json', '--out', 'curves'], folder);
  expect([code, stdout, stderr]).toEqual([0, expect.stringContaining('2 runs: '), '']);
  const rows = (await readRecords(runs)).objects() as { id: string; name: string }[];
  const plain = rows.filter(({ name }) => name === 'plain').map(({ id }) => id);
  expect(readdirSync(join(folder, 'curves', 'mini'))).toEqual(plain);
  const bytes = readFileSync(join(folder, 'curves', 'mini', plain[0]!, 'events.out.tfevents.lea'));
  expect(bytes.toString('latin1')).toContain('test/ndcg@10');
  const none = writeEventFiles(runs, join(folder, 'none'), new Set(['plain-s7-0123456789']));
  await expect(none).rejects.toMatchObject({ code: 'E_RUNS_UNFINISHED', value: runs });
});
