import { globSync, mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { loadExperiment } from '../config/load.ts';
import { CHECKPOINT } from '../experiment/trained.ts';
import { loadTrial } from '../experiment/trial.ts';
import { benchOf, planExperiment } from '../jobs/planned.ts';
import { workOn } from '../jobs/work.ts';
import { createProgress } from '../terminal/progress.ts';
import { bench } from '../testing/bench.ts';
import { writeBest } from './best.ts';
import { planSearch } from './plan.ts';
import { runSearch } from './run.ts';
import { agent, searchFolder, train } from './testing.ts';

const runs = [
  { name: 'CE', agent, train },
  { name: 'SQN', agent: { ...agent, type: 'sqn' }, train: { ...train, maxSteps: 4 } },
];
const search = { method: 'random', trials: 2, budget: { steps: 8 }, runs: { CE: { 'agent.lr': [0.01, 0.02] } } };

const folderOf = (change: object): string => searchFolder(runs, { ...search, ...change });

test('a run whose trials all diverge keeps its options, and the others get theirs', { timeout: 900_000 }, async () => {
  const folder = folderOf({ runs: { ...search.runs, SQN: { 'agent.lr': [1e30, 1e31] } } });
  const { code, stdout, stderr } = await bench(['search', 'mini.json', '--runs', 'else where'], folder);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('All trials of SQN diverged: the best config has its own'),
  ]);
  const path = join(folder, 'mini.best.json');
  expect(stdout).toContain(`To measure it on test: npm run bench -- run ${path} --runs 'else where'\n`);
  const best = JSON.parse(readFileSync(path, 'utf8'));
  expect(best.runs).toMatchObject([{ name: 'CE', agent: { lr: expect.any(Number) }, train: { maxSteps: 8 } }, runs[1]]);
  expect(best.tuned).toMatchObject({ runs: ['CE'], diverged: ['SQN'] });

  // A folder that cannot be written to: something else is in the place of the file.
  const [name] = globSync('trials-*.jsonl', { cwd: join(folder, 'else where', 'mini') });
  const trials = join(folder, 'else where', 'mini', name!);
  const lines = readFileSync(trials, 'utf8');
  rmSync(trials);
  mkdirSync(trials);
  for (const json of [false, true]) {
    const told = await bench(['search', 'mini.json', '--runs', 'else where', ...(json ? ['--json'] : [])], folder);
    expect(told.stderr).toContain(`Not written: ${trials}`);
    expect(json ? told.stderr : told.stdout).toContain('best setting');
    if (json) expect(told.stdout).toBe(lines);
  }
  const ran = await bench(['run', 'mini.best.json'], folder);
  expect(ran.stdout.replace(/\s+/g, ' ')).toContain('SQN has its own options, because all of its trials diverged.');
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('all of its trials diverged');

  const none = await bench(['search', 'mini.json', '--out', 'none.json'], folderOf({ runs: { SQN: { 'agent.lr': [1e30, 1e31] } } })); // biome-ignore format: one line
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('because all trials diverged')]);
});

test('runs that are not searched are the same runs in the best config, and searched ones get nothing from their base', async () => {
  const memory = { neighbors: 5 };
  const folder = searchFolder(
    [
      { name: 'CE', agent, train: { evaluateEvery: 4 } },
      { name: 'heir', base: 'CE', train: {} },
      { name: 'heir of the heir', base: 'heir', train: { batch: 8 } },
      { name: 'heir + memory', base: 'CE', network: 'heir', memory },
      { name: 'searched heir', base: 'CE' },
      { name: 'diverged heir', base: 'CE' },
    ],
    {
      ...search,
      runs: {
        CE: { 'agent.lr': [0.01, 0.02], 'train.batch': [16] },
        'searched heir': { 'agent.lr': [0.01, 0.02] },
        'diverged heir': { 'agent.lr': [1e30, 1e31] },
      },
    },
    { baselines: [] },
  );
  const { signal } = new AbortController();
  const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
  const options = { data: undefined, runs: join(folder, 'runs'), out, signal };
  const loaded = await loadExperiment(join(folder, 'mini.json'));
  const path = join(folder, 'mini.best.json');
  await writeBest(path, loaded, await runSearch(loaded, options));
  const best = await loadExperiment(path);
  const [before, after] = await Promise.all(
    [loaded, best].map(async (one) => {
      const { plan } = await planExperiment(one, options);
      return new Map(plan.jobs.map(({ name, id }) => [name, id]));
    }),
  );
  for (const name of ['heir', 'heir of the heir', 'heir + memory', 'diverged heir']) {
    expect([name, after!.get(name)]).toEqual([name, before!.get(name)]);
  }
  expect(best.experiment.runs.map(({ name, train }) => [name, train])).toMatchObject([
    ['CE', { batch: 16, maxSteps: 8 }],
    ['heir', { evaluateEvery: 4 }],
    ['heir of the heir', { batch: 8 }],
    ['heir + memory', undefined],
    ['searched heir', { evaluateEvery: 4, maxSteps: 8 }],
    ['diverged heir', { evaluateEvery: 4 }],
  ]);
  expect(best.experiment.runs[4]!.train).not.toHaveProperty('batch');
});

test('two searches of one folder share its trials', { timeout: 900_000 }, async () => {
  const folder = folderOf({
    trials: 4,
    runs: { CE: { 'agent.lr': { from: 0.001, to: 0.1 } } },
    budget: { steps: 200 },
  });
  const both = await Promise.all([1, 2].map(() => bench(['search', 'mini.json', '--jobs', '2', '--json'], folder)));
  const [first, second] = both as [Awaited<ReturnType<typeof bench>>, Awaited<ReturnType<typeof bench>>];
  expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0]);
  expect(first.stdout).toBe(second.stdout);
  expect(`${first.stderr}${second.stderr}`).not.toContain('Failed');
});

test('a damaged checkpoint of the rung before is named; without it the trial trains from its first step', async () => {
  const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
  const { signal } = new AbortController();
  const halving = { method: 'successive-halving', eta: 2, budget: { steps: 16 } };
  const outcomes = [];
  for (const damaged of [false, true]) {
    const folder = folderOf(halving);
    const planned = await planSearch(await loadExperiment(join(folder, 'mini.json')), {
      data: undefined,
      runs: join(folder, 'runs'),
      out,
      signal,
    });
    const shared = benchOf(planned, createProgress(out, 3), signal);
    const [first, [last]] = planned.methods[0]!.rungs as unknown as [typeof planned.jobs, typeof planned.jobs];
    for (const job of first) await workOn(job, shared);
    const paths = first.map((job) => join(job.folder, CHECKPOINT));
    if (damaged) {
      for (const path of paths) truncateSync(path, 3000);
      await expect(workOn(last!, shared)).rejects.toMatchObject({
        code: 'E_CHECKPOINT_DAMAGED',
        value: expect.toBeOneOf(paths),
      });
      for (const path of paths) rmSync(path);
    }
    await workOn(last!, shared);
    outcomes.push((await loadTrial(last!))!);
  }
  const [whole, anew] = outcomes as [(typeof outcomes)[0], (typeof outcomes)[0]];
  expect([anew.trial, anew.steps, anew.value]).toEqual([whole.trial, whole.steps, whole.value]);
  expect(anew.weightsHash).toBe(whole.weightsHash);
});
