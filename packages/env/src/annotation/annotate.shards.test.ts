import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Environment, loadEnvironment } from '../inference/environment.ts';
import { follow, rowsOf } from '../testing.ts';
import { annotate, annotatePart, annotateToFiles } from './annotate.ts';
import { annotatedBy, fitUsers, train, users } from './testing.ts';

let env: Environment;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-annotation-'));
  env = await fitUsers();
});
afterAll(async () => {
  await env.dispose();
  await rm(dir, { recursive: true });
});

const annotated = (options: object = {}) => annotatedBy(env, { dir, ...options });

test('a cut run goes on where it was, a second run computes nothing', async () => {
  const work = annotate(env, train, { k: 3, dir });
  const events = work[Symbol.asyncIterator]();
  for (const done of [1024, 2048, 3072, 4096]) {
    expect((await events.next()).value).toEqual({ stage: 'annotation', done, total: 4500, unit: 'rows' });
  }
  await events.return!();
  await expect(work).rejects.toMatchObject({ code: 'E_TASK_STOPPED' });

  const resumed = await annotated();
  expect(resumed.stages).toEqual(['annotation']);
  const reused = await annotated();
  expect(reused.stages).toEqual(['reused']);
  const fresh = await annotated({ dir: undefined });
  expect(fresh.stages).toEqual(Array(5).fill('annotation'));
  expect(resumed.annotation).toEqual(fresh.annotation);
  expect(reused.annotation).toEqual(fresh.annotation);

  // A damaged shard is computed again; other options have files of their own.
  const [folder] = await readdir(dir);
  const [first, second] = (await readdir(join(dir, folder!))).map((name) => join(dir, folder!, name));
  await truncate(first!, 100);
  const bytes = await readFile(second!);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(second!, bytes);
  const repaired = await annotated();
  expect(repaired.stages).toEqual(Array(5).fill('annotation'));
  expect(repaired.annotation).toEqual(fresh.annotation);
  expect((await annotated({ k: 2 })).stages).toEqual(Array(5).fill('annotation'));
  expect(await readdir(dir)).toHaveLength(2);
});

test('a shard that cannot be used is computed again', async () => {
  const own = join(dir, 'own');
  const options = { dir: own, shardRows: 1500, states: true };
  const { annotation, stages } = await annotated(options);
  expect(stages).toHaveLength(6);
  const shard = (n: number, of = annotation) => join(own, of.hash.slice(0, 16), `0000${n}.safetensors`);
  const { annotation: other } = await annotated({ ...options, excludeSeen: true });
  const whole = await readFile(shard(2));
  const edited = (from: string, to: string): Buffer => {
    const text = whole.toString('latin1').replace(from, to);
    expect(text).toHaveLength(whole.length);
    return Buffer.from(text, 'latin1');
  };
  for (const unusable of [
    await readFile(shard(1)),
    await readFile(shard(2, other)),
    // Columns that are there no more, have another shape or another type.
    edited('"reward":{', '"rewarx":{'),
    edited('"state":{', '"statx":{'),
    edited('"shape":[1500,3]', '"shape":[3,1500]'),
    edited('"reward":{"dtype":"F32"', '"reward":{"dtype":"I32"'),
    Buffer.alloc(0),
  ]) {
    await writeFile(shard(2), unusable);
    const again = await annotated(options);
    expect(again.stages).toEqual(['annotation', 'annotation']);
    expect(again.annotation).toEqual(annotation);
    expect(await readFile(shard(2))).toEqual(whole);
  }

  // The same of an annotation that stays on disk. Of it, only rewards are read at first.
  const opened = async () => {
    const told: string[] = [];
    const files = await follow(annotateToFiles(env, train, { k: 3, ...options }), ({ stage }) => void told.push(stage));
    return { files, told };
  };
  await copyFile(shard(1), shard(2));
  const { files, told } = await opened();
  expect(told).toEqual(['annotation', 'annotation']);
  expect(await files.read(0, 4500)).toEqual(annotation);
  await copyFile(shard(1), shard(2));
  await expect(files.read(3000, 3001)).rejects.toMatchObject({ code: 'E_ANNOTATION_FILE', value: shard(2) });
  await rm(own, { recursive: true });
});

test('parts that several processes annotate are the annotation', async () => {
  const own = join(dir, 'parts');
  const options = { k: 3, dir: own, shardRows: 700 };
  const told: [number, number][] = [];
  // Seven shards in any order, the second part twice.
  for (const part of [2, 0, 1, 1]) {
    const work = annotatePart(env, train, options, { part, of: 3 });
    for await (const { stage, done, total } of work) {
      if (stage === 'annotation') told.push([done, total!]);
      else expect([part, stage, done]).toEqual([1, 'reused', 1400]);
    }
  }
  const totals = [1700, 1400, 1400];
  expect(new Set(told.map(([, total]) => total))).toEqual(new Set(totals));
  expect(told.filter(([done, total]) => done === total)).toHaveLength(3);
  const { annotation, stages } = await annotated(options);
  expect(stages).toEqual(['reused']);
  expect(annotation).toEqual((await annotated({ dir: undefined, shardRows: 700 })).annotation);
  // Parts without a shard are done at once.
  const parts = Array.from({ length: 9 }, (_, part) => annotatePart(env, train, options, { part, of: 9 }));
  await Promise.all(parts);
  for (const part of [
    { part: 3, of: 3 },
    { part: -1, of: 3 },
    { part: 0.5, of: 3 },
    { part: 0, of: 0 },
  ]) {
    await expect(annotatePart(env, train, options, part)).rejects.toMatchObject({
      code: 'E_OPTION_VALUE',
      value: part,
    });
  }
});

test('a run that is killed loses no shard that it wrote', async () => {
  const saved = join(dir, 'saved');
  await env.save(saved);
  const own = join(dir, 'killed');
  const some = users.slice(0, 100);
  const script = fileURLToPath(new URL('../fixtures/annotate-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@lea/source', script, saved, own, JSON.stringify(some)]);
  child.stdout.once('data', () => child.kill('SIGKILL'));
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
  const files = (await readdir(own, { recursive: true })).filter((name) => name.endsWith('.safetensors'));
  expect(files.length).toBeGreaterThan(0);
  expect(files.length).toBeLessThan(16);

  const again = await loadEnvironment(saved, { threads: 1 });
  const run = async (options: object) => {
    const stages: string[] = [];
    const work = annotate(again, rowsOf(some, 15), { k: 3, shardRows: 64, ...options });
    const annotation = await follow(work, ({ stage }) => void stages.push(stage));
    return { annotation, stages };
  };
  const uncut = await run({});
  const resumed = await run({ dir: own });
  expect(uncut.stages).toHaveLength(16);
  expect(resumed.stages).toEqual(Array(16 - files.length).fill('annotation'));
  expect(resumed.annotation).toEqual(uncut.annotation);
  expect((await run({ dir: own })).stages).toEqual(['reused']);
  await again.dispose();
});

test('a run can be stopped between two shards and within one', async () => {
  const stop = new AbortController();
  const events = annotate(env, train, { k: 3, signal: stop.signal })[Symbol.asyncIterator]();
  await events.next();
  stop.abort();
  await expect(events.next()).rejects.toThrow('abort');
});

test('an annotation can stay on disk: parts of it are read, nothing is computed twice', async () => {
  const { annotation } = await annotated({ states: true });
  const folder = join(dir, annotation.hash.slice(0, 16));
  const stages: string[] = [];
  const files = await follow(
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

  // A part needs its own shard only; what is damaged or gone is named. To open them again only rewards are read.
  const first = join(folder, '00000.safetensors');
  const bytes = await readFile(first);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(first, bytes);
  const opened = await annotateToFiles(env, train, { k: 3, dir, states: true });
  await expect(opened.read(0, 1)).rejects.toMatchObject({ code: 'E_ANNOTATION_FILE' });
  await rm(first);
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
