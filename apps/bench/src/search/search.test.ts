import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { loadExperiment } from '../config/load.ts';
import type { RunConfig } from '../config/schema.ts';
import type { TrialRecord } from '../experiment/trial.ts';
import { benchOf } from '../jobs/planned.ts';
import { workOn } from '../jobs/work.ts';
import { createProgress } from '../terminal/progress.ts';
import { bench, start } from '../testing/bench.ts';
import { hasRedis, startRedis } from '../testing/redis.ts';
import { bestPath } from './best.ts';
import { type PlannedSearch, planSearch } from './plan.ts';
import { runSearch } from './run.ts';
import { agent, searchFolder, train } from './testing.ts';
import { trialsPath } from './trials.ts';

const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
const { signal } = new AbortController();
const runs = [
  { name: 'CE', agent, train },
  { name: 'SQN', agent: { ...agent, type: 'sqn' }, train },
  { name: 'plain', agent, train: { ...train, maxSteps: 8 } },
];
const rates = { 'agent.lr': { from: 0.0001, to: 0.1, scale: 'log' } };
const halving = {
  method: 'successive-halving',
  trials: 4,
  eta: 2,
  budget: { steps: 16 },
  seed: 5,
  runs: { CE: rates, SQN: { ...rates, 'train.batch': [8, 16] } },
};

const folderOf = (search: object, change?: object): string => searchFolder(runs, search, change);
const optionsOf = (folder: string) => ({ data: undefined, runs: join(folder, 'runs'), out, signal });
const loadedOf = (folder: string) => loadExperiment(join(folder, 'mini.json'));
const plannedOf = async (folder: string): Promise<PlannedSearch> =>
  planSearch(await loadedOf(folder), optionsOf(folder));
const searched = async (folder: string) => runSearch(await loadedOf(folder), optionsOf(folder));
const trialsOf = (text: string): TrialRecord[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TrialRecord);
/** The search that several tests look at. */
const halved = (() => {
  let done: ReturnType<typeof searched> | undefined;
  return () => {
    done ??= searched(folderOf(halving));
    return done;
  };
})();
/** Without what differs from run to run. */
const lasting = (records: readonly TrialRecord[]) =>
  records.map(({ seconds: _, versions: __, ...record }) => JSON.parse(JSON.stringify(record)));

test('a learning rate of zero, and one at which training breaks, lose', async () => {
  const search = {
    ...halving,
    trials: 3,
    method: 'random',
    eta: undefined,
    runs: { CE: { 'agent.lr': [0, 0.02, 1e30] } },
  };
  const { methods, records } = await searched(folderOf({ ...search, budget: { epochs: 4 } }));
  expect(methods[0]).toMatchObject({
    name: 'CE',
    isFinished: true,
    diverged: 1,
    best: { setting: { 'agent.lr': 0.02 } },
  });
  const [zero, good, broken] = [0, 0.02, 1e30].map((lr) => records.find(({ setting }) => setting['agent.lr'] === lr)!);
  expect(good!.value).toBeGreaterThan(1.2 * zero!.value!);
  expect(broken).toMatchObject({ value: null, failure: expect.stringContaining('diverged') });
});

test('an epoch is that of the sampler', async () => {
  const every = { type: 'ce', encoder: { type: 'sasrec-modern', width: 8 } };
  const sampled = (sampler: object) => ({ agent: every, train: { ...train, sampler } });
  const both = [
    { name: 'rows', ...sampled({ type: 'permutation' }) },
    { name: 'sequences', ...sampled({ type: 'sequences' }) },
  ];
  const search = { method: 'random', trials: 1, budget: { epochs: 4 }, runs: { rows: rates, sequences: rates } };
  const { plan, prepared } = await plannedOf(folderOf(search, { runs: both }));
  const { train: set } = prepared.split;
  // One row per window of a user's events but the first, and an eighth of the first ones.
  const { offsets } = set.sequences;
  const users = [...new Set(set.sequence)];
  const windows = users.map((user) =>
    Math.ceil((offsets[user + 1]! - offsets[user]! - 1) / prepared.experiment.window),
  );
  const rows = windows.reduce((sum, count) => sum + count, Math.ceil(users.length / 8));
  const steps = plan.jobs.map(({ config }) => (config as RunConfig).train!.maxSteps);
  expect(steps).toEqual([set.count, rows].map((count) => Math.floor((4 * count) / train.batch)));
});

test('every run has as many trials in every rung, and the same steps', async () => {
  const { planned, records } = await halved();
  expect(planned.methods.map(({ name, rungs }) => [name, ...rungs.map((jobs) => jobs.length)])).toEqual([
    ['CE', 4, 2, 1],
    ['SQN', 4, 2, 1],
  ]);
  const steps = (name: string) => records.filter(({ of }) => of === name).map((record) => [record.rung, record.steps]);
  expect(steps('CE')).toEqual([[0, 4], [0, 4], [0, 4], [0, 4], [1, 8], [1, 8], [2, 16]]); // biome-ignore format: one line
  expect(steps('SQN')).toEqual(steps('CE'));
});

test('halving lets the best go on, to the bits of a trial that was not cut', async () => {
  const { records, methods } = await halved();
  const uncut = await searched(folderOf({ ...halving, method: 'random', eta: undefined }));
  for (const { name, best } of methods) {
    const own = records.filter(({ of }) => of === name);
    const rung = (r: number) => own.filter((record) => record.rung === r);
    for (const r of [1, 2]) {
      const before = rung(r - 1).toSorted((a, b) => b.value! - a.value! || a.trial - b.trial);
      expect(rung(r).map(({ trial }) => trial)).toEqual(before.slice(0, rung(r).length).map(({ trial }) => trial));
    }
    const whole = uncut.records.find(({ of, trial }) => of === name && trial === best!.trial)!;
    expect(best!.setting).toEqual(whole.setting);
    expect([best!.weightsHash, best!.value, best!.curve]).toEqual([whole.weightsHash, whole.value, whole.curve]);
  }
});

/** No policy, and no ranks. */
const FILES = ['checkpoint.safetensors', 'config.json', 'events.jsonl', 'lock', 'record.json'];

test('test rows are never read, and the records tell nothing about them', async () => {
  const planned = await plannedOf(folderOf({ ...halving, trials: 2 }));
  const { context, guide } = benchOf(planned, createProgress(out, 1), signal);
  const test = new Proxy({} as never, {
    get: (_, name) => {
      throw new Error(`test.${String(name)} was read`);
    },
  });
  const blind = { context: { ...context, split: { ...context.split, test } }, guide };
  for (const job of planned.jobs) await workOn(job, blind);
  const folders = planned.jobs.map(({ folder }) => folder);
  for (const folder of folders) {
    expect(readdirSync(folder).toSorted()).toEqual(FILES);
    const text = readFileSync(join(folder, 'record.json'), 'utf8');
    expect(text).not.toMatch(/"metrics"|"evaluation"|"ranksHash"|"serving"/);
  }
});

test('an agent of two phases has the budget in all, and starts anew where its first phase was cut', async () => {
  const sa2c = { ...agent, type: 'sa2c', warmup: 'early-stopping' };
  const two = { runs: [{ name: 'SA2C', agent: sa2c, train }] };
  const { records } = await searched(folderOf({ ...halving, trials: 2, runs: { SA2C: rates } }, two));
  expect(records.map(({ rung, steps }) => [rung, steps])).toEqual([[0, 8], [0, 8], [1, 16]]); // biome-ignore format: one line
});

describe('the command', () => {
  test('child processes give the trials of one process; the winners are measured on test and told as tuned', {
    timeout: 900_000,
  }, async () => {
    const search = { ...halving, trials: 2 };
    const folder = folderOf(search);
    const { stdout, stderr, code } = await bench(['search', 'mini.json', '--jobs', '2', '--json'], folder);
    expect([code, stderr]).toEqual([0, expect.stringContaining('Not searched, and run as the config says: plain.')]);
    const records = trialsOf(stdout);
    const [trials] = globSync('runs/mini/trials-*.jsonl', { cwd: folder });
    expect(trialsOf(readFileSync(join(folder, trials!), 'utf8'))).toEqual(records);
    expect(lasting(records)).toEqual(lasting((await searched(folderOf(search))).records));

    const best = JSON.parse(readFileSync(join(folder, 'mini.best.json'), 'utf8'));
    const { search: __, ...config } = JSON.parse(readFileSync(join(folder, 'mini.json'), 'utf8'));
    const winner = (name: string) => records.find(({ of, rung }) => of === name && rung === 1)!.setting;
    const [ce, sqn, plain] = runs as [object, object, object];
    expect(best).toEqual({
      ...config,
      runs: [
        { ...ce, agent: { ...agent, lr: winner('CE')['agent.lr'] }, train: { ...train, maxSteps: 16 } },
        {
          ...sqn,
          agent: { ...agent, type: 'sqn', lr: winner('SQN')['agent.lr'] },
          train: { ...train, batch: winner('SQN')['train.batch'], maxSteps: 16 },
        },
        plain,
      ],
      tuned: { method: 'successive-halving', trials: 2, eta: 2, budget: { steps: 16 }, seed: 5, runs: ['CE', 'SQN'] },
    });

    const run = await bench(['run', 'mini.best.json'], folder);
    expect(run.code).toBe(0);
    const told = run.stdout.replace(/\s+/g, ' ');
    expect(told).toContain('CE, SQN: each tuned by 2 trials on validation');
    expect(told).toContain('Not tuned: plain.');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('each tuned by 2 trials');
  });

  test('killed in the middle and started again: finished trials stay, and the outcome is that of an uncut search', {
    timeout: 900_000,
  }, async () => {
    const search = { ...halving, trials: 2, budget: { steps: 200 }, runs: { CE: rates } };
    const folder = folderOf(search);
    const { child, ended } = start(['search', 'mini.json'], folder);
    const { methods } = await plannedOf(folder);
    const second = methods[0]!.rungs[0]![1]!;
    while (!existsSync(join(second.folder, 'checkpoint.safetensors'))) await sleep(5);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(join(second.folder, 'record.json'))).toBe(false);
    const first = join(methods[0]!.rungs[0]![0]!.folder, 'record.json');
    const before = readFileSync(first, 'utf8');
    const { code, stdout, stderr } = await bench(['search', 'mini.json', '--json'], folder);
    expect(code).toBe(0);
    expect(stderr).toContain('[1/2]');
    expect(readFileSync(first, 'utf8')).toBe(before);
    expect(readFileSync(join(second.folder, 'events.jsonl'), 'utf8')).toMatch(/"resumedFrom":[1-9]/);
    expect(lasting(trialsOf(stdout))).toEqual(lasting((await searched(folderOf(search))).records));
  });

  test('one job of a search is done by its id', async () => {
    const folder = folderOf({ ...halving, trials: 2, runs: { CE: rates } });
    const { methods } = await plannedOf(folder);
    const [[first], [last]] = methods[0]!.rungs as unknown as [[{ id: string }], [{ id: string }]];
    const work = (id: string, ...more: string[]) => bench(['work', 'mini.json', '--run', id, ...more], folder);
    expect((await work(first.id)).stderr).toContain('E_JOB_UNKNOWN');
    expect((await work(last.id, '--search')).stderr).toContain('E_JOB_WAITS');
    const { code, stderr } = await work(first.id, '--search');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/CE #0: validation NDCG@10 \.\d{4}/)]);
  });
});

test('the best config stays beside the config, whose paths are relative', async () => {
  const folder = folderOf(halving);
  const loaded = await loadedOf(folder);
  expect(bestPath(undefined, loaded)).toBe(join(folder, 'mini.best.json'));
  expect(bestPath(join(folder, 'best.json'), loaded)).toBe(join(folder, 'best.json'));
  for (const path of [join(folder, 'other', 'best.json'), join(folder, 'mini.json')]) {
    expect(() => bestPath(path, loaded)).toThrow(expect.objectContaining({ code: 'E_FLAG_VALUE' }));
  }
});

test('each search of an experiment keeps its trials in a file of its own', async () => {
  const of = async (change: object) => trialsPath(await plannedOf(folderOf({ ...halving, ...change })));
  const [first, same, seeded] = [await of({}), await of({}), await of({ seed: 1 })].map((path) => basename(path));
  expect(first).toMatch(/^trials-[0-9a-f]{10}\.jsonl$/);
  expect([same === first, seeded === first]).toEqual([true, false]);
});

test('a config without a search is refused, and so is a setting that an agent does not have', async () => {
  await expect(plannedOf(folderOf(halving, { search: undefined }))).rejects.toThrow(/there is nothing to search/);
  const search = { ...halving, runs: { CE: { 'agent.lrr': [1, 2, 3, 4] } } };
  await expect(plannedOf(folderOf(search))).rejects.toThrow(
    /mini\.json, in a trial of its search: the agent of run "CE #0": .*"lrr".*Did you mean "lr"/,
  );
});

test.skipIf(!hasRedis)('workers of a queue find the same as one process', async () => {
  const small = { ...halving, trials: 2, runs: { CE: rates } };
  const [own, shared] = [await searched(folderOf(small)), folderOf(small)];
  const redis = await startRedis();
  const queue = ['--queue', `redis://127.0.0.1:${redis.port}`];
  const worker = start(['worker', ...queue], shared);
  try {
    const { code, stdout, stderr } = await bench(['search', 'mini.json', ...queue, '--json'], shared);
    expect([code, stderr]).toEqual([0, expect.stringContaining('3 jobs for the workers at')]);
    const bare = (records: readonly TrialRecord[]) => records.map(({ seconds: _, ...record }) => record);
    expect(bare(trialsOf(stdout))).toEqual(bare(JSON.parse(JSON.stringify(own.records))));
  } finally {
    worker.child.kill('SIGKILL');
    await worker.ended;
    await redis.remove();
  }
});
