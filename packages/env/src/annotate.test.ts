import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyWindows } from '@lea/data';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { annotate, annotateToFiles } from './annotate.ts';
import type { Environment } from './environment.ts';
import { fitEnvironment } from './fit-environment.ts';
import { finish } from './progress.ts';
import { rowsOf } from './testing.ts';

// 4,500 rows: two shards.
const train = rowsOf(
  Array.from({ length: 450 }, (_, u) => Array.from({ length: 10 }, (_, t) => (u * 3 + t * (1 + (u % 4))) % 15)),
  15,
);
let env: Environment;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-annotation-'));
  env = await finish(fitEnvironment({ train, width: 8, layers: 1, heads: 1, window: 5, epochs: 1, users: 0.1 }));
});
afterAll(async () => {
  await env.dispose();
  await rm(dir, { recursive: true });
});

async function annotated(options: object = {}) {
  const stages: string[] = [];
  const annotation = await finish(
    annotate(env, train, { k: 3, dir, ...options }),
    ({ stage }) => void stages.push(stage),
  );
  return { annotation, stages };
}

test('rows hold what the environment says of them', async () => {
  const { annotation } = await annotated({ dir: undefined, states: true });
  const rows = Int32Array.of(0, 7, 4400);
  const windows = historyWindows(train, rows, 5);
  const logged = rows.map((row) => train.sequences.items[train.event[row]!]!);
  const rewards = await env.rewards(windows, logged);
  const best = await env.positives(windows, 3, { exclude: Array.from(logged, (item) => [item]) });
  const states = await env.states(windows);
  rows.forEach((row, i) => {
    expect(annotation.reward[row]).toBeCloseTo(rewards[i]!, 5);
    expect(annotation.positives.subarray(row * 3, row * 3 + 3)).toEqual(best.items.subarray(i * 3, i * 3 + 3));
    expect(annotation.state![row * 8]).toBeCloseTo(states[i * 8]!, 5);
  });
  expect(annotation.rows).toBe(4500);
  const mean = annotation.reward.reduce((a, b) => a + b, 0) / 4500;
  expect(annotation.rewardMean).toBeCloseTo(mean, 6);
  for (let i = 0; i < 4500 * 3; i++) {
    const row = Math.floor(i / 3);
    expect(annotation.positives[i]).not.toBe(train.sequences.items[train.event[row]!]);
  }
});

test('seen items can be left out', async () => {
  const { annotation } = await annotated({ dir: undefined, excludeSeen: true });
  const windows = historyWindows(train, Int32Array.of(9), 5);
  for (const item of windows.items) expect(annotation.positives.subarray(27, 30)).not.toContain(item);
});

test('positives follow the rule that is asked for', async () => {
  const rule = { rank: 'reward' as const, shortlist: 6, popularity: 0.5 };
  const { annotation } = await annotated({ dir: undefined, ...rule });
  const rows = Int32Array.of(3, 4321);
  const logged = rows.map((row) => train.sequences.items[train.event[row]!]!);
  const exclude = Array.from(logged, (item) => [item]);
  const best = await env.positives(historyWindows(train, rows, 5), 3, { ...rule, exclude });
  rows.forEach((row, i) => {
    expect(annotation.positives.subarray(row * 3, row * 3 + 3)).toEqual(best.items.subarray(i * 3, i * 3 + 3));
    const rewards = [...annotation.positiveRewards.subarray(row * 3, row * 3 + 3)];
    expect(rewards).toEqual(rewards.toSorted((a, b) => b - a));
  });
  await expect(annotated({ dir: undefined, pessimism: 1 })).rejects.toThrow('rewardHeads');
  await expect(annotated({ dir: undefined, rank: 'popularity' })).rejects.toThrow('"state"');
});

test('a cut run goes on where it was, a second run computes nothing', async () => {
  const work = annotate(env, train, { k: 3, dir });
  expect((await work.next()).value).toMatchObject({ stage: 'annotation', step: 4096 });
  await work.return(undefined as never);

  const resumed = await annotated();
  expect(resumed.stages).toEqual(['annotation']);
  const reused = await annotated();
  expect(reused.stages).toEqual(['reused']);
  const fresh = await annotated({ dir: undefined });
  expect(fresh.stages).toEqual(['annotation', 'annotation']);
  expect(resumed.annotation).toEqual(fresh.annotation);
  expect(reused.annotation).toEqual(fresh.annotation);

  // A damaged shard is computed again; other options have files of their own.
  const [folder] = await readdir(dir);
  const [first] = await readdir(join(dir, folder!));
  await truncate(join(dir, folder!, first!), 100);
  expect((await annotated()).stages).toEqual(['annotation']);
  expect((await annotated({ k: 2 })).stages).toEqual(['annotation', 'annotation']);
  expect(await readdir(dir)).toHaveLength(2);
});

test('an annotation can stay on disk: parts of it are read, nothing is computed twice', async () => {
  const { annotation } = await annotated({ states: true });
  const folder = join(dir, annotation.hash.slice(0, 16));
  const stages: string[] = [];
  const files = await finish(
    annotateToFiles(env, train, { k: 3, dir, states: true }),
    ({ stage }) => void stages.push(stage),
  );
  expect(stages).toEqual(['reused']);
  expect(await files.read(0, 4500)).toEqual(annotation);
  // Across the border of two shards.
  const part = await files.read(4090, 4100);
  expect(part.rows).toBe(10);
  expect(part.reward).toEqual(annotation.reward.slice(4090, 4100));
  expect(part.positives).toEqual(annotation.positives.slice(4090 * 3, 4100 * 3));
  expect(part.state).toEqual(annotation.state!.slice(4090 * env.stateSize, 4100 * env.stateSize));
  expect(part.rewardMean).toBe(annotation.rewardMean);
  expect(part.hash).not.toBe(annotation.hash);
  const rows: number[] = [];
  let from = 0;
  for await (const some of files) {
    rows.push(some.rows);
    expect(some.logits).toEqual(annotation.logits.slice(from * 3, (from + some.rows) * 3));
    from += some.rows;
  }
  expect(rows).toEqual([4096, 404]);

  // A part needs its own shard only; what is gone is named.
  await rm(join(folder, '00000.safetensors'));
  expect((await files.read(4096, 4097)).reward[0]).toBe(annotation.reward[4096]);
  await expect(files.read(4095, 4097)).rejects.toMatchObject({ code: 'E_ANNOTATION_FILE' });
  for (const [from, to] of [
    [-1, 3],
    [3, 3],
    [0, 4501],
    [0.5, 2],
  ]) {
    await expect(files.read(from!, to!)).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  }
});

test('a second run asks the environment nothing', async () => {
  const { annotation } = await annotated();
  const silent = new Proxy(env, {
    get: (target, name) => {
      if (!['hash', 'items', 'window', 'stateSize', 'calibration'].includes(String(name)))
        throw new Error(String(name));
      return target[name as keyof Environment];
    },
  });
  expect(await finish(annotate(silent, train, { k: 3, dir }))).toEqual(annotation);
});

test('what does not fit is named', async () => {
  await expect(annotated({ k: 15 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  await expect(finish(annotate(env, rowsOf([[0, 1]], 3)))).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
});
