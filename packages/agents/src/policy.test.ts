import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32 } from '@lea/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPolicy } from './load.ts';
import { createPolicy } from './policy.ts';
import { createAgent } from './registry.ts';
import { topK } from './topk.ts';

const shape = { items: 8, window: 3, textSize: 2 };
const text = float32(
  Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  [8, 2],
);
const agent = createAgent({ type: 'snqn', encoder: { type: 'sasrec', size: 4, text: 'project' } });
const histories = [[], [1], [1, 2, 3, 4], [7, 7, 0]];
const quick = { batch: 3, threads: 1 };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-'));
});
afterAll(() => rm(folder, { recursive: true }));

const fresh = () => createPolicy(agent, agent.init(key(1), shape, text), shape, { ...quick, text });

test('compiled and eager scores agree, in batches of any size, empty histories included', async () => {
  const compiled = fresh();
  const eager = createPolicy(agent, compiled.params, shape, { batch: 64, backend: 'cpu', text });
  const windows = windowsOf(histories, shape.window, shape.items);
  const [a, b] = [await compiled.score(windows), await eager.score(windows)];
  expect(a).toHaveLength(4 * 8);
  a.forEach((x, i) => {
    expect(Math.abs(x - b[i]!)).toBeLessThan(1e-5);
  });
  const wide = await compiled.score(windowsOf(histories, 6, shape.items));
  const narrow = await compiled.score(windowsOf(histories.slice(0, 2), 1, shape.items));
  expect(wide).toEqual(a);
  expect(narrow).toEqual(a.subarray(0, 16));
  await compiled.dispose();
  await expect(compiled.score(windows)).rejects.toThrow(/disposed/);
});

test('recommend: best first, without what is excluded', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text });
  const scores = await policy.score(windowsOf(histories, shape.window, shape.items));
  const all = await policy.recommend(histories, 8);
  all.forEach((list, row) => {
    expect(list.map(({ item }) => item).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    list.forEach(({ item, score }, i) => {
      expect(score).toBe(scores[row * 8 + item]);
      if (i > 0) expect(score).toBeLessThanOrEqual(list[i - 1]!.score);
    });
  });
  const unseen = await policy.recommend(histories, 8, { exclude: 'seen' });
  expect(unseen.map((list) => list.length)).toEqual([8, 7, 4, 6]);
  expect(unseen[2]!.map(({ item }) => item).sort()).toEqual([0, 5, 6, 7]);
  const without = await policy.recommend(histories, 2, { exclude: [0, 1, 2, 3, 4, 5, 6] });
  expect(without.map((list) => list.map(({ item }) => item))).toEqual([[7], [7], [7], [7]]);
});

test('recommend: unknown items are an error or skipped', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text });
  await expect(policy.recommend([[1, 99]], 3)).rejects.toThrow(/99/);
  expect(await policy.recommend([[1, 99]], 3, { unknown: 'skip' })).toEqual(await policy.recommend([[1]], 3));
});

test('a saved policy scores as before; damage is named', async () => {
  const policy = fresh();
  await policy.save(folder);
  const again = await loadPolicy(folder, quick);
  expect(again.agent.config).toEqual(agent.config);
  expect(again.shape).toEqual(shape);
  const windows = windowsOf(histories, shape.window, shape.items);
  expect(await again.score(windows)).toEqual(await policy.score(windows));
  expect(again.asScorer().name).toBe('sasrec-snqn');
  await Promise.all([policy.dispose(), again.dispose()]);

  const path = join(folder, 'policy.json');
  const whole = await readFile(path, 'utf8');
  await writeFile(path, whole.replace(/"weightsHash": "./, '"weightsHash": "?'));
  await expect(loadPolicy(folder)).rejects.toThrow(/weights/);
  await writeFile(path, '{ "version": 7 }');
  await expect(loadPolicy(folder)).rejects.toThrow(/version 1/);
  await writeFile(path, '{');
  await expect(loadPolicy(folder)).rejects.toThrow(/not JSON/);
  await expect(loadPolicy(join(folder, 'none'))).rejects.toThrow(/no such file/);
});

test('text that is missing or does not fit', () => {
  const params = agent.init(key(1), shape, text);
  expect(() => createPolicy(agent, params, shape)).toThrow(/reads text/);
  expect(() => createPolicy(agent, params, shape, { text: float32([1, 2], [1, 2]) })).toThrow(/\[8, 2\]/);
});

test('topK: ties by index, NaN left out, k beyond the items', () => {
  const items = (scores: number[], k: number, skip: number[] = []) =>
    topK(scores, k, new Set(skip)).map(({ item }) => item);
  expect(items([1, 3, 3, 2], 3)).toEqual([1, 2, 3]);
  expect(items([0, Number.NaN, 0], 5)).toEqual([0, 2]);
  expect(items([5, 4, 3], 1, [0])).toEqual([1]);
  expect(items([5, 4], 0)).toEqual([]);
  expect(items([-Infinity, -Infinity], 1)).toEqual([0]);
});
