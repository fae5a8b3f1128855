import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogModelDefaults, fitDefaults, itemTokenDefaults } from '@lea/env/measuring';
import { expect, test } from 'vitest';
import { check } from '../config/load.ts';
import { presets } from '../config/presets/index.ts';
import type { Experiment } from '../config/schema.ts';
import { configHash } from './config-hash.ts';
import { openLog } from './log.ts';
import { planOf, type RunJob } from './plan.ts';

const industrial = check(presets.industrial, 'industrial');
const ids = (experiment: Experiment, data = 'd') => planOf(experiment, data, 'runs').jobs.map((job) => job.id);
const changed = (a: readonly string[], b: readonly string[]) => a.filter((id, i) => id !== b[i]);

test('an id changes with what decides the outcome of that run, and with nothing else', () => {
  const before = ids(industrial);
  expect(ids(structuredClone(industrial))).toEqual(before);
  expect(changed(before, ids(industrial, 'other data'))).toHaveLength(before.length);
  expect(changed(before, ids({ ...industrial, name: 'other' }))).toEqual([]);
  const environments = { ...industrial.environments, 'id-only': { itemInput: 'id' as const, fit: { userShare: 0.5 } } };
  expect(changed(before, ids({ ...industrial, environments }))).toEqual(before.filter((id) => id.includes('id-only')));
  expect(changed(before, ids({ ...industrial, exclude: 'seen' }))).toHaveLength(before.length);
  expect(changed(before, ids({ ...industrial, exclude: 'none' }))).toEqual([]);
  const published = [{ name: 'A', metrics: { 'ndcg@10': 0.1 }, source: 'S', protocol: 'P' }];
  expect(changed(before, ids({ ...industrial, published }))).toEqual([]);
  const runs = industrial.runs.map((run) => ({ ...run, controlRun: undefined }));
  expect(changed(before, ids({ ...industrial, runs }))).toEqual([]);
  const seeds = changed(before, ids({ ...industrial, seeds: [1] }));
  expect(seeds).toEqual(before.filter((id) => /^(ce|snqn)-/.test(id)));
});

test('the seeds of a config have one hash, those of their environments and networks included', () => {
  const memory = { name: 'memory', network: industrial.runs[0]!.name, memory: {} };
  const experiment = check({ ...industrial, seeds: [0, 1], baselines: [], runs: [...industrial.runs, memory] }, 'test');
  const hashes = (changes: object): string[] =>
    planOf({ ...experiment, ...changes }, 'd', 'runs').jobs.map(({ resolved }) =>
      configHash(JSON.parse(JSON.stringify(resolved))),
    );
  const both = hashes({});
  const [first, second] = [both.slice(0, both.length / 2), both.slice(both.length / 2)];
  expect(first).toEqual(second);
  expect(new Set(first).size).toBe(first.length);
  expect(changed(both, hashes({ window: 7 }))).toEqual(both);
});

test('an id holds what is not in the config: defaults, versions, the content of models', () => {
  const environments = {
    ...industrial.environments,
    encoder: { itemInput: 'text' as const, tier: 'encoder' as const, model: 'M' },
  };
  const runs = [...industrial.runs, { name: 'own', base: 'CE', environment: 'encoder' }];
  const experiment = check({ ...industrial, environments, runs }, 'test');
  const planned = (models = {}) => planOf(experiment, 'd', 'runs', {}, models);
  const own = planned({ M: 'one' }).environments.at(-1)!.resolved;
  expect(own).toMatchObject({
    config: { model: 'one', precision: 'q8', fit: { dropout: fitDefaults.dropout, userShare: fitDefaults.userShare } },
    versions: { tfjs: expect.stringMatching(/^\d/), onnxruntime: expect.stringMatching(/^\d/) },
  });
  expect(planned().environments[0]!.resolved).toMatchObject({
    config: {
      languageModel: { reconstructionShare: catalogModelDefaults.reconstructionShare },
      itemTokens: { steps: itemTokenDefaults.steps },
    },
    versions: { transformers: expect.stringMatching(/^\d/) },
  });
  const [before, after] = [{ M: 'one' }, { M: 'two' }].map((models) => planned(models).jobs.map(({ id }) => id));
  expect(changed(before!, after!)).toEqual(before!.filter((id) => id.startsWith('own')));
  // what is spelt out as it is by default decides nothing
  const spelt = { ...industrial.environments!.language!, itemTokens: { steps: itemTokenDefaults.steps } };
  const same = { ...industrial, environments: { ...industrial.environments, language: spelt } };
  expect(changed(ids(industrial), ids(same))).toEqual([]);
  expect(planned().jobs.at(-1)!.resolved).toMatchObject({
    config: { agent: { encoder: { heads: expect.any(Number) } } },
  });
});

test('baselines of one type with names of their own are rows of their own', () => {
  const named = ['near', 'far'].map((name, i) => ({ type: 'sknn' as const, name, neighbors: [50, 500][i]! }));
  const experiment = check({ ...industrial, baselines: [...named, { type: 'sknn' }] }, 'test');
  const { jobs } = planOf(experiment, 'd', 'runs');
  expect(jobs.slice(0, 3).map(({ name }) => name)).toEqual(['near', 'far', 'SKNN']);
  expect(new Set(jobs.slice(0, 3).map(({ folder }) => folder)).size).toBe(3);
});

test('folds change the environment that has them, and the runs that it teaches', () => {
  const environments = { ...industrial.environments, language: { ...industrial.environments!.language!, folds: 2 } };
  const taught = industrial.runs.filter(({ environment }) => environment === 'language').map(({ name }) => name);
  const served = industrial.runs.filter(({ network }) => taught.includes(network!)).map(({ name }) => name);
  const [before, after] = [industrial, { ...industrial, environments }].map((e) => planOf(e, 'd', 'runs'));
  const same = new Set(before!.jobs.map(({ id }) => id));
  expect(after!.jobs.filter(({ id }) => !same.has(id)).map(({ name }) => name)).toEqual([...taught, ...served]);
  expect(after!.environments[0]!.resolved).toMatchObject({ config: { folds: 2 } });
});

test('metrics that are counted do not fit environments anew', () => {
  const environmentIds = (experiment: Experiment) => planOf(experiment, 'd', 'runs').environments.map(({ id }) => id);
  expect(environmentIds({ ...industrial, ks: [10], window: 5 })).toEqual(environmentIds(industrial));
});

test('runs whose lists are measured are other runs', () => {
  const lists = { metrics: ['gini@10'] };
  expect(changed(ids(industrial), ids({ ...industrial, lists }))).toHaveLength(ids(industrial).length);
  expect(ids({ ...industrial, lists: { metrics: ['lift@10'] } })).not.toEqual(ids({ ...industrial, lists }));
});

test('runs of one environment and seed share its job', () => {
  const { jobs, environments } = planOf({ ...industrial, seeds: [0, 1] }, 'd', 'runs');
  expect(environments).toHaveLength(6);
  const used = jobs.flatMap((job) => (job.kind === 'run' ? job.environments : []));
  expect(used).toHaveLength(10);
  expect(new Set(used)).toEqual(new Set(environments));
});

test('a run with the network of another is of that network, and needs no environment of its own', () => {
  const { jobs } = planOf(industrial, 'd', 'runs');
  const job = (name: string) => jobs.find((one) => one.name === name) as RunJob;
  const [network, fused] = [job('CE-LEA'), job('CE-LEA + memory')];
  expect(fused.network!.folder).toBe(network.folder);
  expect(fused.environments).toEqual([]);
  const runs = industrial.runs.map((run) => (run.name === 'CE-LEA' ? { ...run, positivesWeight: 0.5 } : run));
  const before = ids(industrial);
  expect(changed(before, ids({ ...industrial, runs }))).toEqual([network.id, fused.id]);
  const other = industrial.runs.map((run) => (run.name === fused.name ? { ...run, memory: { neighbors: 7 } } : run));
  expect(changed(before, ids({ ...industrial, runs: other }))).toEqual([fused.id]);
});

test('several environments may teach one run', () => {
  const mixed = { name: 'mixed', base: 'CE', environment: ['language', 'counting'] };
  const { jobs } = planOf(check({ ...industrial, runs: [...industrial.runs, mixed] }, 'test'), 'd', 'runs');
  const job = jobs.at(-1) as RunJob;
  expect(job.environments.map(({ name }) => name)).toEqual(mixed.environment);
  expect(job.resolved).toMatchObject({ config: { environment: job.environments.map(({ resolved }) => resolved) } });
});

test('the log of a killed run is gone on with, its time counts on', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lea-log-')), 'events.jsonl');
  let now = 0;
  const first = await openLog(path, () => now);
  now = 2000;
  await first.append({ type: 'validation' });
  // damaged, then cut
  appendFileSync(path, readFileSync(path, 'utf8').replace('"seconds":2', '"seconds":6'));
  appendFileSync(path, '{"seconds":3,"ty');
  now = 0;
  const second = await openLog(path, () => now);
  now = 500;
  await second.append({ type: 'done' });
  expect(second.seconds()).toBe(2.5);
  const last = readFileSync(path, 'utf8').trim().split('\n').at(-1)!;
  expect(JSON.parse(last)).toEqual({ seconds: 2.5, type: 'done', sha256: expect.any(String) });
  second.anew();
  now = 600;
  expect(second.seconds()).toBe(0.1);
});
