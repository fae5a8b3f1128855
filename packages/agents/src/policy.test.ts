import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from '@lea/core';
import { topK, type Windows, windowsOf } from '@lea/data';
import { float32, int32, readSafetensors, type Values, writeSafetensors } from '@lea/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPolicy } from './load.ts';
import { createPolicy } from './policy.ts';
import { createAgent, defineAgent } from './registry.ts';
import { weightsHash } from './save.ts';
import { scoring } from './scoring.ts';
import type { Agent } from './types.ts';
import { agentsVersion } from './version.ts';

const shape = { items: 8, window: 3, textSize: 2 };
const text = float32(
  Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  [8, 2],
);
const agent = createAgent({ type: 'snqn', encoder: { type: 'sasrec', width: 4, itemInput: 'id+text' } });
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
  const all = await policy.recommendIndices(histories, 8);
  all.forEach((list, row) => {
    expect(list.map(({ item }) => item).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    list.forEach(({ item, score }, i) => {
      expect(score).toBe(scores[row * 8 + item]);
      if (i > 0) expect(score).toBeLessThanOrEqual(list[i - 1]!.score);
    });
  });
  const unseen = await policy.recommendIndices(histories, 8, { exclude: 'seen' });
  expect(unseen.map((list) => list.length)).toEqual([8, 7, 4, 6]);
  expect(unseen[2]!.map(({ item }) => item).sort()).toEqual([0, 5, 6, 7]);
  const without = await policy.recommendIndices(histories, 2, { exclude: [0, 1, 2, 3, 4, 5, 6] });
  expect(without.map((list) => list.map(({ item }) => item))).toEqual([[7], [7], [7], [7]]);
});

test('recommend: candidates alone are ranked', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text });
  const all = await policy.recommendIndices(histories, 8);
  const some = await policy.recommendIndices(histories, 8, { candidates: [6, 2, 2, 4] });
  expect(some).toEqual(all.map((list) => list.filter(({ item }) => [2, 4, 6].includes(item))));
  const unseen = await policy.recommendIndices([[2, 4]], 8, { candidates: [6, 2], exclude: 'seen' });
  expect(unseen[0]!.map(({ item }) => item)).toEqual([6]);
  expect(await policy.recommendIndices([[1]], 3, { candidates: [] })).toEqual([[]]);
  for (const list of ['candidates', 'exclude']) {
    await expect(policy.recommendIndices([[1]], 3, { [list]: 3 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  }
  for (const bad of [8, -1, 1.5, Number.NaN]) {
    await expect(policy.recommendIndices([[1]], 3, { exclude: [1, bad] })).rejects.toMatchObject({
      code: 'E_ITEM_RANGE',
      value: bad,
    });
    await expect(policy.recommendIndices([[1]], 3, { candidates: [1, bad] })).rejects.toMatchObject({
      code: 'E_ITEM_RANGE',
      value: bad,
    });
  }
});

test('recommend: unknown items are left out and counted, or an error', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text, batch: 1 });
  const known = await policy.recommendIndices([[1, 2], []], 3);
  expect(policy.ignored).toBe(0);
  expect(await policy.recommendIndices([Int32Array.of(1, 99, 2, -1), [8]], 3)).toEqual(known);
  expect(policy.ignored).toBe(3);
  // The row is that of the request, not of the batch.
  const strict = policy.recommendIndices([[1], [2, 1.5]], 3, { unknown: 'throw' });
  await expect(strict).rejects.toMatchObject({ code: 'E_ITEM_RANGE', value: 1.5 });
  await expect(strict).rejects.toThrow(/history 1 /);
  expect(policy.ignored).toBe(3);
});

test('recommend: requests and lists of any size; odd options are refused', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text });
  expect(await policy.recommendIndices([], 3)).toEqual([]);
  expect(await policy.recommendIndices([[1], []], 0)).toEqual([[], []]);
  expect((await policy.recommendIndices([[1]], 100))[0]).toHaveLength(8);
  for (const [k, options, code] of [
    [-1, {}, 'E_OPTION_VALUE'],
    [1.5, {}, 'E_OPTION_VALUE'],
    [3, { exclude: 'sene' }, 'E_OPTION_VALUE'],
    [3, { unknown: 'skip' }, 'E_OPTION_VALUE'],
    [3, { exlude: 'seen' }, 'E_OPTION_UNKNOWN'],
  ] as const) {
    await expect(policy.recommendIndices([[1]], k, options as object)).rejects.toMatchObject({ code });
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
  const batch = (items: number, given?: number) =>
    scoring(
      { items, window: 3 },
      { program: () => () => ({ state: {}, outputs: {} }), frozen: () => ({}) },
      { batch: given },
    ).batch;
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
  expect(again.name).toBe('sasrec-snqn');
  await Promise.all([policy.dispose(), again.dispose()]);

  const path = join(folder, 'policy.json');
  const whole = await readFile(path, 'utf8');
  expect(JSON.parse(whole)).toMatchObject({ version: 5, agentsVersion, weightsHash: weightsHash(policy.params) });
  await writeFile(path, whole.replace('"window": 3', '"window": 4'));
  await expect(loadPolicy(folder)).rejects.toMatchObject({ code: 'E_POLICY_FILE', value: path });
  await writeFile(path, edited(whole, { weightsHash: '?' }));
  await expect(loadPolicy(folder)).rejects.toThrow(/weights/);
  await writeFile(path, edited(whole, { version: 4 }));
  await expect(loadPolicy(folder)).rejects.toMatchObject({ code: 'E_POLICY_VERSION', value: 4 });
  await writeFile(path, '{ "version": 1 }');
  await expect(loadPolicy(folder)).rejects.toThrow(/lacks required fields/);
  await writeFile(path, '{ "version": 7, "agentsVersion": "9.8.7" }');
  const newer = loadPolicy(folder);
  await expect(newer).rejects.toMatchObject({ code: 'E_POLICY_VERSION', value: 7 });
  await expect(newer).rejects.toThrow(/9\.8\.7.*Update the package/);
  await writeFile(path, '{');
  await expect(loadPolicy(folder)).rejects.toThrow(/not valid JSON/);
  await expect(loadPolicy(join(folder, 'none'))).rejects.toThrow(/does not exist/);
});

test('text vectors belong to what is saved, and no parameter is taken for them', async () => {
  const named = { ...agent, init: (...args: Parameters<Agent['init']>) => ({ ...agent.init(...args), text: one }) };
  const one = float32([1], [1]);
  const factory = defineAgent({ type: 'with-text', schema: {}, build: () => named });
  const own = factory({ encoder: agent.encoder });
  const policy = createPolicy(own, own.init(key(1), shape, text), shape, { ...quick, text });
  const saved = join(folder, 'with-text');
  await policy.save(saved);
  const again = await loadPolicy(saved, quick);
  expect([again.params, again.text]).toEqual([policy.params, text]);

  const path = join(saved, 'weights.safetensors');
  const { tensors } = await readSafetensors(path);
  const { 'frozen/text': _, ...without } = tensors;
  for (const damaged of [{ ...tensors, 'frozen/text': float32(Array(16).fill(9), [8, 2]) }, without]) {
    await writeSafetensors(path, damaged);
    await expect(loadPolicy(saved)).rejects.toMatchObject({ code: 'E_POLICY_WEIGHTS' });
  }
});

test('a type that nobody defined is told with its file', async () => {
  const saved = join(folder, 'foreign');
  await fresh().save(saved);
  const path = join(saved, 'policy.json');
  const whole = await readFile(path, 'utf8');
  await writeFile(path, edited(whole.replace('"snqn"', '"elsewhere"')));
  const refused = loadPolicy(saved);
  await expect(refused).rejects.toMatchObject({ code: 'E_TYPE_UNKNOWN', value: 'elsewhere' });
  await expect(refused).rejects.toThrow(/policy\.json.*Import the package that defines it before loading/);
});

test('weights of another agent or shape are refused, by the name of the parameter', () => {
  const params = agent.init(key(1), shape, text);
  const { 'q.weight': q, ...rest } = params;
  const refuse = (weights: Values, sizes: object, code: string, message: RegExp) => {
    const make = () => createPolicy(agent, weights, { ...shape, ...sizes }, { text });
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  };
  refuse(rest, {}, 'E_POLICY_WEIGHTS', /missing.*"q\.weight"/);
  refuse({ ...params, 'q.extra': q! }, {}, 'E_POLICY_WEIGHTS', /agent does not have.*"q\.extra"/);
  refuse(
    { ...params, 'q.weight': params['ce.weight']! },
    { items: 9 },
    'E_POLICY_SHAPE',
    /"emb\.weight".*\[10, 4\] for 9/,
  );
  refuse(
    { ...params, 'q.weight': float32([1, 2]) },
    {},
    'E_POLICY_SHAPE',
    /"q\.weight".*float32\[2\].*float32\[8, 5\]/,
  );
  refuse({ ...params, 'q.weight': int32(new Int32Array(40), [8, 5]) }, {}, 'E_POLICY_SHAPE', /"q\.weight".*int32/);
  refuse(params, { items: 7 }, 'E_POLICY_SHAPE', /for 7 items/);
  refuse(params, { textSize: 3 }, 'E_POLICY_SHAPE', /"emb\.text\.weight"/);
  for (const sizes of [
    { items: 0 },
    { items: '8' },
    { items: 2 ** 40 },
    { window: 0 },
    { window: 1.5 },
    { textSize: 0 },
  ]) {
    refuse(params, sizes, 'E_OPTION_VALUE', new RegExp(`policy shape: ${Object.keys(sizes)[0]}`));
  }
});

test('weights are checked without making the tables of a large catalog, unless init alone knows their sizes', () => {
  const shapes: number[] = [];
  const watched = (itemTables: Agent['itemTables']): Agent => ({
    ...small,
    itemTables,
    init: (seed, sizes) => {
      shapes.push(sizes.items);
      return small.init(seed, sizes);
    },
  });
  const small = createAgent({ type: 'ce', encoder: { type: 'gru4rec', width: 2 } });
  const large = { items: 1000, window: 2 };
  const params = small.init(key(0), large);
  createPolicy(watched(small.itemTables), params, large);
  expect(Math.max(...shapes)).toBeLessThan(100);
  createPolicy(watched({}), params, large);
  expect(Math.max(...shapes)).toBe(1000);
  expect(() => createPolicy(watched({}), params, { ...large, items: 999 })).toThrow(/for 999 items/);
});

test('histories and windows that are none are refused, by row', async () => {
  const policy = createPolicy(agent, agent.init(key(1), shape, text), shape, { backend: 'cpu', text });
  for (const [given, message] of [
    [[1, 2, 3], /History 0 must be an array/],
    [[[1], null], /History 1 must be an array/],
    [[[1], new Set([2])], /History 1 must be an array/],
    [Int32Array.of(1, 2), /History 0 must be an array|histories must be an array/],
    [undefined, /must be an array/],
  ] as const) {
    for (const unknown of ['ignore', 'throw'] as const) {
      const call = policy.recommendIndices(given as never, 2, { unknown });
      await expect(call).rejects.toMatchObject({ code: 'E_HISTORY', message: expect.stringMatching(message) });
    }
  }
  expect(policy.ignored).toBe(0);

  const sound = windowsOf([[1, 2], [3]], 3, 8);
  for (const [change, code] of [
    [{ size: 3 }, 'E_WINDOWS'],
    [{ window: 2 }, 'E_WINDOWS'],
    [{ items: [1, 2, 8, 3, 8, 8] }, 'E_WINDOWS'],
    [{ length: Int32Array.of(2, 4) }, 'E_WINDOWS'],
    [{ length: Int32Array.of(-1, 1) }, 'E_WINDOWS'],
    [{ length: Int32Array.of(3, 1) }, 'E_ITEM_RANGE'],
  ] as const) {
    const windows = { ...sound, ...change } as Windows;
    await expect(policy.score(windows)).rejects.toMatchObject({ code });
    await expect(policy.score(windows)).rejects.toMatchObject({ code });
  }
});

test('options of a policy are checked', async () => {
  const params = agent.init(key(1), shape, text);
  for (const [options, code] of [
    [{ bacth: 3 }, 'E_OPTION_UNKNOWN'],
    [{ batch: 1.5 }, 'E_OPTION_VALUE'],
    [{ threads: 0 }, 'E_OPTION_VALUE'],
    [{ threads: 0.5 }, 'E_OPTION_VALUE'],
  ] as const) {
    const refused = expect.objectContaining({ code });
    expect(() => createPolicy(agent, params, shape, { text, ...options })).toThrow(refused);
    await fresh().save(join(folder, 'options'));
    await expect(loadPolicy(join(folder, 'options'), options as object)).rejects.toEqual(refused);
  }
});

test('a policy without any finite score says so', async () => {
  const params = agent.init(key(1), shape, text);
  const damaged = { ...params, 'ce.weight': float32(Array(40).fill(Number.NaN), [8, 5]) };
  const policy = createPolicy(agent, damaged, shape, { backend: 'cpu', text });
  await expect(policy.recommendIndices([[1]], 2)).rejects.toMatchObject({ code: 'E_SCORES_NAN' });
});

test('what is being answered when a policy is disposed of is answered; what comes later is refused', async () => {
  const many = Array.from({ length: 20 }, (_, row) => [row % 8]);
  const expected = await fresh().recommendIndices(many, 2);
  const policy = fresh();
  const underway = [policy.recommendIndices(many, 2), policy.recommendIndices(many.slice(0, 1), 2)];
  const disposals = [policy.dispose(), policy.dispose()];
  await expect(policy.recommendIndices(many, 2)).rejects.toMatchObject({ code: 'E_DISPOSED' });
  expect((await underway[0])!).toEqual(expected);
  expect((await underway[1])!).toHaveLength(1);
  await Promise.all(disposals);
});

test('a program that could not be made is tried again, and is nothing to dispose of', async () => {
  let fails = true;
  const moody: Agent = {
    ...agent,
    score(...args) {
      if (fails) throw new Error('no memory');
      return agent.score(...args);
    },
  };
  const policy = createPolicy(moody, agent.init(key(1), shape, text), shape, { ...quick, text });
  await expect(policy.recommendIndices([[1]], 2)).rejects.toThrow(/no memory/);
  fails = false;
  expect(await policy.recommendIndices([[1]], 2)).toHaveLength(1);
  fails = true;
  await expect(policy.recommendIndices([[1], [2], [3]], 2)).rejects.toThrow(/no memory/);
  await policy.dispose();
});

test('text that is missing or does not fit', () => {
  const params = agent.init(key(1), shape, text);
  expect(() => createPolicy(agent, params, shape)).toThrow(/needs text/);
  for (const other of [float32([1, 2], [1, 2]), float32(text.data, [8, 2, 1]), [1, 2] as never]) {
    expect(() => createPolicy(agent, params, shape, { text: other })).toThrow(/\[8, 2\]/);
  }
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

/** A policy file after a change by hand: without its hash. */
function edited(whole: string, change: object = {}): string {
  return JSON.stringify({ ...JSON.parse(whole), sha256: undefined, ...change });
}

const ids = Array.from({ length: shape.items }, (_, item) => `sku-${item}`);
const named = (itemIds: readonly string[]) =>
  createPolicy(agent, agent.init(key(1), shape, text), shape, { ...quick, text, itemIds });

test('recommends by the ids of the log, to one user or to several', async () => {
  const policy = named(ids);
  const histories = [[1, 2], []];
  const byIndex = await policy.recommendIndices(histories, 3, { exclude: 'seen' });
  const queries = histories.map((history) => ({ history: history.map((item) => ids[item]!) }));
  const byId = await policy.recommend(queries, 3, { exclude: 'seen' });
  expect(byId).toEqual(byIndex.map((list) => list.map(({ item, score }) => ({ id: `sku-${item}`, score }))));
  // A program of one row: the last bits of a score may differ.
  const alone = await policy.recommend(queries[0]!, 3, { exclude: 'seen' });
  expect(alone.map(({ id }) => id)).toEqual(byId[0]!.map(({ id }) => id));
  const ranked = await policy.recommend(queries[0]!, 9, { candidates: ['sku-3', 'new', 'sku-0'], exclude: ['sku-0'] });
  expect(ranked.map(({ id }) => id)).toEqual(['sku-3']);
  await policy.dispose();
});

test('ids that are newer than the policy are ignored and counted, or refused', async () => {
  const policy = named(ids);
  const query = { history: ['sku-1', 'new', 'sku-2'] };
  expect(await policy.recommend(query, 3)).toEqual(await policy.recommend({ history: ['sku-1', 'sku-2'] }, 3));
  expect(policy.ignored).toBe(1);
  await expect(policy.recommend(query, 3, { unknown: 'throw' })).rejects.toMatchObject({
    code: 'E_ID_UNKNOWN',
    value: 'new',
  });
  for (const history of [[1, 2], 'sku-1', undefined]) {
    await expect(policy.recommend({ history } as never, 3)).rejects.toMatchObject({ code: 'E_HISTORY' });
  }
  await policy.dispose();
});

test('ids are one text per item, each once; a policy without ids recommends by index only', async () => {
  for (const bad of [ids.slice(1), ids.with(2, 'sku-1'), ids.with(0, 7 as never)]) {
    expect(() => named(bad)).toThrow(expect.objectContaining({ code: 'E_ITEM_IDS' }));
  }
  const policy = fresh();
  await expect(policy.recommend({ history: [] }, 3)).rejects.toMatchObject({ code: 'E_ITEM_IDS' });
  await policy.dispose();
});

test('ids are saved with the policy, and other ids beside it are refused', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lea-ids-'));
  const policy = named(ids);
  await policy.save(dir);
  const loaded = await loadPolicy(dir);
  expect(loaded.itemIds).toEqual(ids);
  const query = { history: ['sku-1'] };
  expect(await loaded.recommend(query, 4)).toEqual(await policy.recommend(query, 4));
  await writeFile(join(dir, 'items.json'), JSON.stringify(ids.toReversed()));
  await expect(loadPolicy(dir)).rejects.toMatchObject({ code: 'E_POLICY_ITEMS' });
  await writeFile(join(dir, 'items.json'), '[');
  await expect(loadPolicy(dir)).rejects.toMatchObject({ code: 'E_POLICY_ITEMS' });
  await Promise.all([policy.dispose(), loaded.dispose()]);
});
