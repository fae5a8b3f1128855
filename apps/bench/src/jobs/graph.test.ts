import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentHash } from '@lea/core';
import { writeSealed } from '@lea/core/node';
import { beforeAll, expect, test } from 'vitest';
import { check } from '../config/load.ts';
import { lockFolder } from '../experiment/lock.ts';
import { mini } from '../testing/bench.ts';
import { partsOf } from './annotation.ts';
import { estimateFrom } from './costs.ts';
import { neededJobs, type PlannedJob, titleOf } from './graph.ts';
import { listed } from './listed.ts';
import { planExperiment } from './planned.ts';
import { jobOf } from './work.ts';

let jobs: readonly PlannedJob[];
let runs = '';

/** Text of a job without its hash. */
const short = ({ kind, name, seed }: PlannedJob): string => `${kind} ${name} ${seed}`;
const named = (text: string): PlannedJob => jobs.find((job) => short(job) === text)!;

beforeAll(async () => {
  runs = mkdtempSync(join(tmpdir(), 'lea-jobs-'));
  const [plain] = mini.runs;
  const experiment = check(
    {
      ...mini,
      baselines: [{ type: 'popularity' }],
      environments: {
        language: mini.environments.language,
        folds: { itemInput: 'id', fit: { epochs: 1 }, folds: 2 },
        counting: { itemInput: 'id', tier: 'counting' },
      },
      runs: [
        { ...plain, name: 'plain' },
        { name: 'taught', base: 'plain', environment: ['language', 'counting'] },
        { name: 'by reward', base: 'plain', environment: 'language', rankBy: 'reward' },
        { name: 'folds', base: 'plain', environment: 'folds' },
        { name: 'memory', network: 'taught', memory: {} },
      ],
    },
    'test',
  );
  const loaded = { experiment, origin: 'test', folder: '.', packages: {} };
  const signal = new AbortController().signal;
  jobs = (await planExperiment(loaded, { data: undefined, runs, out: process.stderr, signal })).jobs;
});

test('each job comes after those that it reads; what several read is one job, and counting is none', () => {
  expect(jobs.map((job) => [short(job), job.stage, job.after.map(short)])).toEqual([
    ['baseline popularity 0', 0, []],
    ['run plain 0', 0, []],
    ['language model language 0', 0, []],
    ['item tokens language 0', 1, ['language model language 0']],
    ['environment language 0', 2, ['language model language 0', 'item tokens language 0']],
    ['annotation language 0', 3, ['environment language 0']],
    ['run taught 0', 4, ['environment language 0', 'annotation language 0']],
    ['annotation language 0', 3, ['environment language 0']],
    ['run by reward 0', 4, ['environment language 0', 'annotation language 0']],
    // The control has the same language model.
    ['environment folds 0', 1, ['language model language 0']],
    ['annotation folds 0', 2, ['language model language 0', 'environment folds 0']],
    ['run folds 0', 3, ['language model language 0', 'environment folds 0', 'annotation folds 0']],
    ['run memory 0', 5, ['run taught 0']],
  ]);
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length);
  for (const { id } of jobs) expect(id).toMatch(/^[a-z0-9-]+-[0-9a-f]{10}$/);
});

test('an annotation has as many parts as its rows fill', () => {
  const rows = (count: number, annotationRows?: number) => partsOf(count, { annotationRows });
  expect([1, 65_536, 65_537, 200_000].map((count) => rows(count))).toEqual([1, 1, 2, 4]);
  expect([1, 4096, 4097, 8192, 8193].map((annotationRows) => rows(20_000, annotationRows))).toEqual([5, 5, 3, 3, 2]);
});

test('titles say the seed where there are several', () => {
  const titles = ['baseline popularity 0', 'item tokens language 0', 'annotation folds 0', 'run plain 0'].map(named);
  expect(titles.map((job) => titleOf(job, 1))).toEqual([
    'popularity',
    'item tokens of "language"',
    'annotation by "folds"',
    'plain',
  ]);
  expect(titles.map((job) => titleOf(job, 2)).slice(2)).toEqual(['annotation by "folds", seed 0', 'plain, seed 0']);
  expect(titleOf(titles[0]!, 2)).toBe('popularity');
});

test('an unknown id is refused with the nearest known one', () => {
  const { id } = named('run plain 0');
  expect(jobOf(id, jobs)).toBe(named('run plain 0'));
  expect(() => jobOf(`${id}x`, jobs)).toThrow(
    expect.objectContaining({ code: 'E_JOB_UNKNOWN', hint: `Did you mean "${id}"?` }),
  );
});

test('only what unfinished runs read has to be done; states say what can begin', async () => {
  const finish = (...texts: string[]): void => {
    for (const { folder } of texts.map(named)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'record.json'), '');
    }
  };
  const states = async (): Promise<Record<string, string[]>> => {
    const rows = await listed(jobs, () => undefined);
    const by = Map.groupBy(rows, ({ state }) => state);
    return Object.fromEntries([...by].map(([state, own]) => [state, own.map(({ id }) => short(jobOf(id, jobs)))]));
  };
  expect(neededJobs(jobs)).toHaveLength(jobs.length);
  finish('run plain 0', 'run taught 0', 'run by reward 0', 'language model language 0', 'baseline popularity 0');
  expect(neededJobs(jobs).map(short)).toEqual([
    'environment folds 0',
    'annotation folds 0',
    'run folds 0',
    'run memory 0',
  ]);
  expect(await states()).toEqual({
    finished: ['baseline popularity 0', 'run plain 0', 'language model language 0', 'run taught 0', 'run by reward 0'],
    'not needed': [
      'item tokens language 0',
      'environment language 0',
      'annotation language 0',
      'annotation language 0',
    ],
    ready: ['environment folds 0', 'run memory 0'],
    waits: ['annotation folds 0', 'run folds 0'],
  });
  const lock = await lockFolder(named('environment folds 0').folder);
  expect(await states()).toMatchObject({ running: ['environment folds 0'], ready: ['run memory 0'] });
  lock.release();
  expect(await states()).not.toHaveProperty('running');
});

test('times come from the same job with other seeds or versions, else from the same type on the same data', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-costs-'));
  const write = (path: string, record: object) =>
    writeSealed(join(folder, 'other', path, 'record.json'), { ...record });
  const [plain, taught, environment] = ['run plain 0', 'run taught 0', 'environment language 0'].map(named);
  const [tokens, annotation] = ['item tokens language 0', 'annotation folds 0'].map(named);
  const anew = (resolved: unknown) => ({ ...(resolved as object), seed: 7, versions: { bench: '0' } });
  for (const [i, seconds] of [30, 10, 50].entries()) {
    await write(`plain-${i}`, { kind: 'run', config: anew(plain!.resolved), seconds });
  }
  const { config } = plain!.resolved as { config: object };
  await write('wider', {
    kind: 'run',
    config: { ...anew(plain!.resolved), config: { ...config, train: {} } },
    seconds: 90,
  });
  const fitted = { config: anew(environment!.resolved), seconds: 100, languageSeconds: 60 };
  await write('environments/language', fitted);
  await write('language/tokens-1', { resolved: anew(tokens!.resolved), seconds: 8 });
  writeFileSync(join(folder, 'other', 'plain-0', 'half.json'), '{');
  const estimate = await estimateFrom(folder);
  expect(estimate(plain!)).toEqual({ seconds: 30, records: 3 });
  // Agent, encoder and data are the same: 10, 30, 50, 90.
  expect(estimate(taught!)).toEqual({ seconds: 40, records: 4 });
  expect(estimate(environment!)).toEqual({ seconds: 40, records: 1 });
  expect(estimate(tokens!)).toEqual({ seconds: 8, records: 1 });
  expect(estimate(annotation!)).toBeUndefined();
  const elsewhere = { ...(plain!.resolved as object), dataHash: contentHash('other') };
  expect(estimate({ kind: 'run', resolved: elsewhere })).toBeUndefined();
  expect((await estimateFrom(join(folder, 'none')))(plain!)).toBeUndefined();
});
