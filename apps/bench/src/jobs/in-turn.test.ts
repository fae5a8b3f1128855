import { join } from 'node:path';
import { Writable } from 'node:stream';
import { LeaError } from '@lea/core';
import { expect, test } from 'vitest';
import { loadExperiment } from '../config/load.ts';
import { miniFolder } from '../testing/bench.ts';
import type { Bench, PlannedJob } from './graph.ts';
import { workInTurn } from './in-turn.ts';
import { runExperiment, runWhole } from './run.ts';

const job = (name: string, ...after: PlannedJob[]) =>
  ({ id: name, name, kind: 'run', seed: 0, after }) as unknown as PlannedJob;
const [a, b] = [job('a'), job('b')];
const c = job('c', b);
const d = job('d', c);

function shared() {
  const [said, controller] = [[] as string[], new AbortController()];
  const progress = { say: (line: string) => void said.push(line) };
  const context = { progress, signal: controller.signal, experiment: { seeds: [0] } } as unknown as Bench['context'];
  return { said, controller, context };
}

test('a job that fails ends only those that read it', async () => {
  const { said, context } = shared();
  const done: string[] = [];
  const error = new LeaError('E_SOME', 'It broke.');
  const failures = await workInTurn([b, a, c, d], context, async ({ id }) => {
    if (id === 'b') throw error;
    done.push(id);
  });
  expect(done).toEqual(['a']);
  const reason = 'it reads the result of a job that failed';
  expect(failures).toEqual([
    { job: b, reason: 'E_SOME: It broke.', error },
    { job: c, reason },
    { job: d, reason },
  ]);
  expect(said).toEqual(['b failed: E_SOME: It broke.', `c failed: ${reason}`, `d failed: ${reason}`]);
});

test('an abort ends them all, and so does another process that is at work', async () => {
  const { said, context, controller } = shared();
  const busy = async () => Promise.reject(new LeaError('E_RUNS_BUSY', 'Another one.'));
  await expect(workInTurn([a, b], context, busy)).rejects.toMatchObject({ code: 'E_RUNS_BUSY' });
  const stopped = workInTurn([a, b], context, async () => {
    controller.abort(new Error('stop'));
    throw new Error('cut');
  });
  await expect(stopped).rejects.toThrow('stop');
  expect(said).toEqual([]);
});

test('a run that diverges does not end a study in one process', async () => {
  const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
  const train = { batch: 16, maxSteps: 4, evaluateEvery: 2 };
  const folder = miniFolder((config) => ({
    ...config,
    dataset: { type: 'world', users: 40, items: 30 },
    baselines: [],
    environments: {},
    runs: [
      { name: 'diverging', agent: { ...agent, lr: 1e30 }, train },
      { name: 'memory', network: 'diverging', memory: {} },
      { name: 'plain', agent, train },
    ],
  }));
  const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
  const { signal } = new AbortController();
  const options = { data: undefined, runs: join(folder, 'runs'), out, signal, onFinished() {} };
  const loaded = await loadExperiment(join(folder, 'mini.json'));
  const { runs, failures, missing } = await runExperiment(loaded, options);
  expect(runs.map(({ record }) => record.name)).toEqual(['plain']);
  expect(failures.map(({ job: { name }, reason }) => [name, reason])).toEqual([
    ['diverging', expect.stringMatching(/^E_TRAIN_DIVERGED: /)],
    ['memory', 'it reads the result of a job that failed'],
  ]);
  expect(missing.map(({ name }) => name)).toEqual(['diverging', 'memory']);
  await expect(runWhole(loaded, options)).rejects.toMatchObject({ code: 'E_TRAIN_DIVERGED' });
});
