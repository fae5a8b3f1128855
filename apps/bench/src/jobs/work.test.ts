import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { loadExperiment } from '../config/load.ts';
import { beside } from '../experiment/alone.ts';
import { lockFolder } from '../experiment/lock.ts';
import { outcomeOf } from '../tamper/experiment.ts';
import { createProgress } from '../terminal/progress.ts';
import { bench, miniFolder, start } from '../testing/bench.ts';
import { titleOf } from './graph.ts';
import { type ListedJob, listed } from './listed.ts';
import { benchOf, type Planned, planExperiment } from './planned.ts';
import { jobOf, workOn } from './work.ts';

const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
const { signal } = new AbortController();

async function planOf(folder: string): Promise<Planned> {
  const loaded = await loadExperiment(join(folder, 'mini.json'));
  return planExperiment(loaded, { data: undefined, runs: join(folder, 'runs'), out, signal });
}

const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
const train = { batch: 16, maxSteps: 12, evaluateEvery: 2, patience: 20 };
const world = { type: 'world', users: 40, items: 30 };

test('jobs in random order, each in a process of its own, give the records of one process', {
  timeout: 900_000,
}, async () => {
  const folderOf = () =>
    miniFolder((config) => ({
      ...config,
      dataset: world,
      baselines: [{ type: 'popularity' }],
      environments: { language: { ...(config.environments.language as object), fit: { epochs: 1, window: 5 } } },
      runs: [
        { name: 'plain', agent, train },
        { name: 'taught', base: 'plain', environment: 'language' },
        { name: 'memory', network: 'taught', base: 'plain', memory: {} },
      ],
    }));
  const folder = folderOf();
  const rows = async (): Promise<ListedJob[]> => {
    const { stdout } = await bench(['plan', 'mini.json', '--json'], folder);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ListedJob);
  };
  const jobs = await rows();
  expect(jobs.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', ...Array(5).fill('waits')]);
  expect(jobs.map(({ seconds }) => seconds)).toEqual(Array(8).fill(null));

  const memory = jobs.at(-1)!;
  const early = await bench(['work', 'mini.json', '--run', memory.id], folder);
  expect(early.code).toBe(1);
  expect(early.stderr).toContain(`E_JOB_WAITS: The job ${memory.id} reads the results of jobs that are not finished.`);
  expect(early.stderr).toContain(jobs.find(({ name }) => name === 'taught')!.id);

  const open = new Set(jobs);
  while (open.size > 0) {
    const ids = new Set([...open].map(({ id }) => id));
    const ready = [...open].filter(({ after }) => !after.some((id) => ids.has(id)));
    const job = ready[Math.floor(Math.random() * ready.length)]!;
    const { code, stderr } = await bench(['work', 'mini.json', '--run', job.id], folder);
    expect([code, stderr], job.id).toEqual([0, expect.stringContaining('[1/1]')]);
    open.delete(job);
  }
  const again = await bench(['work', 'mini.json', '--run', memory.id], folder);
  expect([again.code, again.stderr]).toEqual([0, `${memory.id} is already finished.\n`]);
  expect((await rows()).map(({ state }) => state)).toEqual(Array(8).fill('finished'));

  const collected = await bench(['collect', 'mini.json', '--json'], folder);
  expect(collected.code).toBe(0);
  expect(collected.stdout.trim().split('\n')).toHaveLength(4);
  expect(existsSync(join(folder, 'report.html'))).toBe(true);
  // The outcome as it is read, and as one process makes it in another folder.
  expect(await outcomeOf(folder)).toBe(await outcomeOf(folderOf()));
  const left = readdirSync(join(folder, 'runs'), { recursive: true }) as string[];
  expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('an annotation in parts, each a job, gives the records of one process', { timeout: 600_000 }, async () => {
  const folderOf = (environment: object) =>
    miniFolder((config) => ({
      ...config,
      dataset: { type: 'world', users: 700, items: 30 },
      baselines: [],
      environments: {
        language: { itemInput: 'id', fit: { epochs: 1, layers: 1, width: 8, userShare: 0.05 }, ...environment },
      },
      runs: [{ name: 'taught', agent, train: { ...train, maxSteps: 2 }, environment: 'language' }],
    }));
  const folder = folderOf({ annotationRows: 1 });
  const { jobs, prepared } = await planOf(folder);
  expect(prepared.split.train.count).toBeGreaterThan(4096);
  const parts = jobs.filter(({ kind }) => kind === 'annotation part');
  expect(parts.map((job) => titleOf(job, 1))).toEqual([
    'part 1 of 2 of the annotation by "language"',
    'part 2 of 2 of the annotation by "language"',
  ]);
  const inParts = await outcomeOf(folder);
  for (const part of parts) expect(existsSync(join(part.folder, 'record.json'))).toBe(true);
  const whole = folderOf({});
  expect((await planOf(whole)).jobs.map(({ kind }) => kind)).not.toContain('annotation part');
  expect(inParts).toBe(await outcomeOf(whole));
});

test('two workers on one job: the second is refused; after kill -9 it goes on to the same weights', {
  timeout: 600_000,
}, async () => {
  const folderOf = () =>
    miniFolder((config) => ({
      ...config,
      dataset: world,
      baselines: [],
      environments: {},
      runs: [{ name: 'plain', agent, train: { ...train, maxSteps: 400, patience: 400 } }],
    }));
  const folder = folderOf();
  const planned = await planOf(folder);
  const [job] = planned.jobs;
  const { child, ended } = start(['work', 'mini.json', '--run', job!.id], folder);
  while (!existsSync(join(job!.folder, 'checkpoint.safetensors'))) await sleep(5);
  const work = () => workOn(job!, benchOf(planned, createProgress(out, 1), signal));
  const second = beside(planned.plan.folder, work);
  await expect(second).rejects.toMatchObject({ code: 'E_RUNS_BUSY', value: job!.folder });
  const shown = async () => (await listed(planned.jobs, () => undefined))[0];
  expect(await shown()).toMatchObject({ state: 'running', resumesAt: null });
  child.kill('SIGKILL');
  await ended;
  expect(await shown()).toMatchObject({ state: 'ready', resumesAt: expect.any(Number) });
  expect(existsSync(join(job!.folder, 'record.json'))).toBe(false);
  await work();
  const events = readFileSync(join(job!.folder, 'events.jsonl'), 'utf8');
  expect(events).toMatch(/"resumedFrom":[1-9]/);
  expect(await outcomeOf(folder)).toBe(await outcomeOf(folderOf()));
});

test('collect tells what is finished and names the rest; with nothing finished it is an error', async () => {
  const folder = miniFolder((config) => ({
    ...config,
    dataset: world,
    seeds: [0, 1],
    baselines: [{ type: 'popularity' }],
    environments: {},
    runs: [{ name: 'plain', agent, train }],
  }));
  const nothing = await bench(['collect', 'mini.json'], folder);
  expect([nothing.code, nothing.stdout]).toEqual([1, '']);
  expect(nothing.stderr).toContain('E_RUNS_UNFINISHED');
  const planned = await planOf(folder);
  const shared = benchOf(planned, createProgress(out, 1), signal);
  for (const job of planned.jobs.slice(0, 2)) await workOn(job, shared);
  const { code, stdout, stderr } = await bench(['collect', 'mini.json', '--all'], folder);
  expect(code).toBe(1);
  expect(stdout).toMatch(/plain.* \(1 of 2 seeds\)/);
  // Means of different seeds are not compared.
  expect(stdout).toContain('popularity has the highest NDCG@10');
  expect(stderr).toContain(`Not finished: ${planned.jobs[2]!.id}\n\nE_RUNS_UNFINISHED: Not all of the experiment`);
  expect(stderr).toContain('1 result missing');
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain(planned.jobs[2]!.id);
});

test('a pool in child processes: a run that fails does not end the others', { timeout: 600_000 }, async () => {
  const folder = miniFolder((config) => ({
    ...config,
    dataset: world,
    baselines: [{ type: 'popularity' }],
    environments: {},
    runs: [
      { name: 'plain', agent, train },
      { name: 'broken', agent, train: { ...train, maxSteps: 11 } },
      { name: 'memory', network: 'broken', base: 'plain', memory: {} },
    ],
  }));
  const planned = await planOf(folder);
  const [, plain, broken, memory] = planned.jobs.map(({ id }) => id);
  // In the place of what is to be written.
  const obstacle = join(jobOf(broken!, planned.jobs).folder, 'config.json');
  mkdirSync(obstacle, { recursive: true });
  const command = ['run', 'mini.json', '--jobs', '2', '--json'];
  const first = await bench(command, folder);
  expect(first.code).toBe(1);
  const names = (stdout: string) =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name as string)
      .toSorted();
  expect(names(first.stdout)).toEqual(['plain', 'popularity']);
  expect(first.stderr).toMatch(new RegExp(`^Failed: ${broken}: E_FILE_WRITE: .*config\\.json`, 'm'));
  expect(first.stderr).toContain(`Failed: ${memory}: it reads the result of a job that failed`);
  expect(first.stderr).toContain('[1/4]');
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain(memory);
  expect(existsSync(join(jobOf(plain!, planned.jobs).folder, 'record.json'))).toBe(true);

  // The list of what failed comes even where the report cannot be written.
  writeFileSync(join(folder, 'file'), '');
  const unwritten = await bench([...command, '--report', 'file/report.html'], folder);
  expect(unwritten.code).toBe(1);
  expect(unwritten.stderr).toMatch(
    new RegExp(`^Failed: ${broken}: E_FILE_WRITE.*\n  To repeat it, run: .*[^]*\nE_FILE_WRITE: .*report\\.html`, 'm'),
  );

  rmSync(obstacle, { recursive: true });
  const second = await bench(command, folder);
  expect(second.code).toBe(0);
  expect(names(second.stdout)).toEqual(['broken', 'memory', 'plain', 'popularity']);
});

test('Ctrl-C ends the children of a pool, which save; the same command goes on', { timeout: 600_000 }, async () => {
  const folder = miniFolder((config) => ({
    ...config,
    dataset: world,
    baselines: [],
    environments: {},
    runs: [{ name: 'plain', agent, train: { ...train, maxSteps: 100_000, patience: 100_000 } }],
  }));
  const planned = await planOf(folder);
  const [job] = planned.jobs;
  const { child, ended } = start(['run', 'mini.json', '--jobs', '1'], folder);
  while (!existsSync(join(job!.folder, 'checkpoint.safetensors'))) await sleep(20);
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect(code).toBe(130);
  expect(stderr).toContain('npm run bench -- run mini.json --jobs 1');
  expect(stderr).not.toContain('Failed');
  const events = readFileSync(join(job!.folder, 'events.jsonl'), 'utf8').trim().split('\n');
  expect(JSON.parse(events.at(-1)!)).toMatchObject({ type: 'stopped' });
  const lock = await lockFolder(job!.folder);
  expect(lock.state).toBe('held');
  lock.release();

  // A parent that is gone takes its children along.
  const other = start(['run', 'mini.json', '--jobs', '1'], folder);
  const stopped = (): number => readFileSync(join(job!.folder, 'events.jsonl'), 'utf8').split('"stopped"').length;
  const [before, resumed] = [
    stopped(),
    () => readFileSync(join(job!.folder, 'events.jsonl'), 'utf8').split('"start"').length,
  ];
  while (resumed() < 3) await sleep(20);
  other.child.kill('SIGKILL');
  while (stopped() === before) await sleep(20);
});
