import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32 } from '@lea/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPolicy } from './load.ts';
import { createPolicy } from './policy.ts';
import { createAgent } from './registry.ts';
import { scoring } from './scoring.ts';
import { topK } from './topk.ts';
import { agentsVersion } from './version.ts';

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

test('recommend: candidates alone are ranked', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text });
  const all = await policy.recommend(histories, 8);
  const some = await policy.recommend(histories, 8, { candidates: [6, 2, 2, 4] });
  expect(some).toEqual(all.map((list) => list.filter(({ item }) => [2, 4, 6].includes(item))));
  const unseen = await policy.recommend([[2, 4]], 8, { candidates: [6, 2], exclude: 'seen' });
  expect(unseen[0]!.map(({ item }) => item)).toEqual([6]);
  expect(await policy.recommend([[1]], 3, { candidates: [] })).toEqual([[]]);
  for (const bad of [8, -1, 1.5, Number.NaN]) {
    await expect(policy.recommend([[1]], 3, { candidates: [1, bad] })).rejects.toMatchObject({
      code: 'E_ITEM_RANGE',
      value: bad,
    });
  }
});

test('recommend: unknown items are left out and counted, or an error', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text, batch: 1 });
  const known = await policy.recommend([[1, 2], []], 3);
  expect(policy.ignored).toBe(0);
  expect(await policy.recommend([Int32Array.of(1, 99, 2, -1), [8]], 3)).toEqual(known);
  expect(policy.ignored).toBe(3);
  // The row is that of the request, not of the batch.
  const strict = policy.recommend([[1], [2, 1.5]], 3, { unknown: 'raise' });
  await expect(strict).rejects.toMatchObject({ code: 'E_ITEM_RANGE', value: 1.5 });
  await expect(strict).rejects.toThrow(/History 1 /);
  expect(policy.ignored).toBe(3);
});

test('recommend: requests and lists of any size; odd options are refused', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text });
  expect(await policy.recommend([], 3)).toEqual([]);
  expect(await policy.recommend([[1], []], 0)).toEqual([[], []]);
  expect((await policy.recommend([[1]], 100))[0]).toHaveLength(8);
  for (const [k, options, code] of [
    [-1, {}, 'E_OPTION_VALUE'],
    [1.5, {}, 'E_OPTION_VALUE'],
    [3, { exclude: 'sene' }, 'E_OPTION_VALUE'],
    [3, { unknown: 'skip' }, 'E_OPTION_VALUE'],
    [3, { exlude: 'seen' }, 'E_OPTION_UNKNOWN'],
  ] as const) {
    await expect(policy.recommend([[1]], k, options as object)).rejects.toMatchObject({ code });
  }
  expect(() => createPolicy(agent, policy.params, shape, { batch: 0, text })).toThrow(/batch/);
});

test('the same scores whatever the size of a request', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { threads: 1, text });
  const many = Array.from({ length: 20 }, (_, row) => [row % 8, (row * 3) % 8]);
  const whole = await policy.score(windowsOf(many, shape.window, shape.items));
  for (const size of [1, 7]) {
    const part = await policy.score(windowsOf(many.slice(0, size), shape.window, shape.items));
    expect(part).toHaveLength(size * 8);
    part.forEach((x, i) => {
      expect(Math.abs(x - whole[i]!)).toBeLessThan(1e-5);
    });
  }
  await policy.dispose();
});

test('a run makes at most 2^24 scores', () => {
  const batch = (items: number, given?: number) => scoring(agent, {}, { items, window: 3 }, {}, { batch: given }).batch;
  expect([batch(8), batch(2 ** 20), batch(2 ** 25), batch(2 ** 20, 64)]).toEqual([256, 16, 1, 64]);
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
  expect(JSON.parse(whole)).toMatchObject({ version: 1, agentsVersion: agentsVersion });
  await writeFile(path, whole.replace(/"weightsHash": "./, '"weightsHash": "?'));
  await expect(loadPolicy(folder)).rejects.toThrow(/weights/);
  await writeFile(path, '{ "version": 1 }');
  await expect(loadPolicy(folder)).rejects.toThrow(/version 1/);
  await writeFile(path, '{ "version": 7, "agentsVersion": "9.8.7" }');
  const newer = loadPolicy(folder);
  await expect(newer).rejects.toMatchObject({ code: 'E_POLICY_VERSION', value: 7 });
  await expect(newer).rejects.toThrow(/9\.8\.7.*update it/);
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
    topK(scores, k, { exclude: new Set(skip) }).map(({ item }) => item);
  expect(items([1, 3, 3, 2], 3)).toEqual([1, 2, 3]);
  expect(items([0, Number.NaN, 0], 5)).toEqual([0, 2]);
  expect(items([5, 4, 3], 1, [0])).toEqual([1]);
  expect(items([5, 4], 0)).toEqual([]);
  expect(items([-Infinity, -Infinity], 1)).toEqual([0]);
});

test('topK is the head of the sorted scores', () => {
  const ranking = fc.record({
    scores: fc.array(fc.constantFrom(-Infinity, -1, 0, 0.5, 2, Infinity, Number.NaN), { maxLength: 60 }),
    k: fc.nat(20),
    skipped: fc.uniqueArray(fc.nat(59)),
  });
  fc.assert(
    fc.property(ranking, ({ scores, k, skipped }) => {
      const sorted = scores
        .map((score, item) => ({ item, score }))
        .filter(({ item, score }) => !Number.isNaN(score) && !skipped.includes(item))
        .sort((a, b) => (a.score === b.score ? a.item - b.item : b.score - a.score));
      expect(topK(scores, k, { exclude: new Set(skipped) })).toEqual(sorted.slice(0, k));
      const candidates = scores.map((_, item) => item).filter((item) => !skipped.includes(item));
      expect(topK(scores, k, { candidates })).toEqual(sorted.slice(0, k));
    }),
  );
});
