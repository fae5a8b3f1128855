import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { afterEach, expect, test, vi } from 'vitest';
import { lockFolder } from '../experiment/lock.ts';
import { runChild } from './child.ts';
import type { PlannedJob } from './graph.ts';
import { poolSize, workInPool } from './pool.ts';

vi.mock('./child.ts', async (original) => ({
  runChild: vi.fn((await original<typeof import('./child.ts')>()).runChild),
}));

const real = vi.mocked(runChild).getMockImplementation()!;
afterEach(() => void vi.mocked(runChild).mockReset().mockImplementation(real));

const job = (id: string, ...after: PlannedJob[]): PlannedJob => ({ id, after }) as unknown as PlannedJob;

/** A pool whose children end as `ends` says, by job and attempt; everything else is recorded. */
function pool(ends: (id: string, attempt: number) => Awaited<ReturnType<typeof runChild>>, size = 2) {
  const [said, begun, finished]: [string[], string[], string[]] = [[], [], []];
  const controller = new AbortController();
  let [running, most] = [0, 0];
  vi.mocked(runChild).mockImplementation(async ([id], _signal, onLine) => {
    begun.push(id!);
    most = Math.max(most, ++running);
    onLine('[1/1] half done');
    onLine('E_SOME: It broke.');
    onLine('    at a line of a stack');
    await new Promise(setImmediate);
    running--;
    return ends(id!, begun.filter((other) => other === id).length);
  });
  const board = {
    show: (id: string, line: string) => void said.push(`${id}: ${line}`),
    end: () => {},
    say: (line: string) => void said.push(line),
  };
  const onFinished = async ({ id }: PlannedJob) => void finished.push(id);
  const titleOf = ({ id }: PlannedJob) => id;
  const wordsOf = ({ id }: PlannedJob) => [id];
  const work = (jobs: PlannedJob[]) =>
    workInPool(jobs, { size, wordsOf, titleOf, board, signal: controller.signal, onFinished });
  return { work, said, begun, finished, controller, most: () => most };
}

const fine = { code: 0, by: null };
const [a, b] = [job('a'), job('b')];
const c = job('c', b);
const d = job('d', c);

test('so many at a time as fit on the cores, and one in any case', () => {
  expect(poolSize(8, 2, 8)).toBe(4);
  expect(poolSize(3, 2, 8)).toBe(3);
  expect(poolSize(8, 3, 8)).toBe(2);
  expect(poolSize(8, 4, 2)).toBe(1);
});

test('a job begins when those that it reads are finished, the longest chain first', async () => {
  const { work, begun, finished, said, most } = pool(() => fine);
  expect(await work([a, b, c, d])).toEqual([]);
  expect(begun).toEqual(['b', 'a', 'c', 'd']);
  expect(finished.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  expect(said).toContain('a: [2/4] half done');
  expect(most()).toBe(2);
});

test('a failure ends only the jobs that read it, and each is named with its reason', async () => {
  const { work, begun } = pool((id) => (id === 'c' ? { code: 1, by: null } : fine), 1);
  expect(await work([a, b, c, d])).toEqual([
    { job: c, reason: 'E_SOME: It broke.' },
    { job: d, reason: 'it reads the result of a job that failed' },
  ]);
  expect(begun).toEqual(['b', 'a', 'c']);
});

test('a job that another process does is waited for, while others go on', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lea-busy-'));
  const lock = await lockFolder(folder);
  const { work, begun, said, finished } = pool(() => fine, 1);
  vi.mocked(runChild).mockImplementation(async ([id], _signal, onLine) => {
    begun.push(id!);
    if (id === 'a' && begun.length === 1) onLine('E_RUNS_BUSY: Another bench process is using this folder.');
    if (id === 'b') lock.release();
    return { code: id === 'a' && begun.length === 1 ? 1 : 0, by: null };
  });
  expect(await work([{ ...a, folder }, b])).toEqual([]);
  expect(begun).toEqual(['a', 'b', 'a']);
  expect(finished).toEqual(['b', 'a']);
  expect(said).toContain('a: another process does it, and is waited for.');
});

test('a child that was killed is started once more', async () => {
  const killed = { code: null, by: 'SIGKILL' } as const;
  const once = pool((_, attempt) => (attempt === 1 ? killed : fine));
  expect(await once.work([a])).toEqual([]);
  expect(once.said).toContain('a: its process was ended by SIGKILL. It is started once more.');
  const always = pool(() => killed);
  expect(await always.work([a])).toEqual([
    { job: a, reason: 'its process was ended by SIGKILL, twice. Memory may be short: do fewer jobs at a time.' },
  ]);
  expect(always.begun).toEqual(['a', 'a']);
});

test('after an abort nothing begins and nothing counts as failed', async () => {
  const { work, begun, controller, said } = pool(() => {
    controller.abort(new Error('stop'));
    return { code: 130, by: null };
  }, 1);
  await expect(work([a, b, c, d])).rejects.toThrow('stop');
  expect(begun).toEqual(['b']);
  expect(said.join()).not.toContain('failed');
});

test('a finished run that cannot be read counts as failed', async () => {
  const { work, controller } = pool(() => fine);
  const broken = vi.fn(async () => Promise.reject(new LeaError('E_RUN_BROKEN', 'Damaged.')));
  const options = { size: 1, wordsOf: () => ['a'], titleOf: () => 'a', signal: controller.signal, onFinished: broken };
  const board = { show() {}, end() {}, say() {} };
  expect(await work([])).toEqual([]);
  expect(await workInPool([a], { ...options, board })).toEqual([{ job: a, reason: 'E_RUN_BROKEN: Damaged.' }]);
});

test('a child tells its lines and how it ended, and is asked to save when the signal aborts', async () => {
  const script = join(await mkdtemp(join(tmpdir(), 'lea-child-')), 'child.mjs');
  writeFileSync(
    script,
    `const [way] = process.argv.slice(2);
    process.on('SIGINT', () => process.exit(130));
    process.on('disconnect', () => {});
    console.error(way);
    if (way === 'code') process.exit(3);
    if (way === 'killed') process.kill(process.pid, 'SIGKILL');`,
  );
  const before = process.argv[1]!;
  process.argv[1] = script;
  try {
    const lines: string[] = [];
    const controller = new AbortController();
    const run = (way: string) => runChild([way], controller.signal, (line) => void lines.push(line));
    expect(await run('code')).toEqual({ code: 3, by: null });
    expect(await run('killed')).toEqual({ code: null, by: 'SIGKILL' });
    const waiting = runChild(['waits'], controller.signal, () => controller.abort());
    expect(await waiting).toEqual({ code: 130, by: null });
    expect(lines).toEqual(['code', 'killed']);
  } finally {
    process.argv[1] = before;
  }
});
