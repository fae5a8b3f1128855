import { key } from '@lea/core';
import { type Windows, windowsOf } from '@lea/data';
import { float32, int32, type Values } from '@lea/tensor';
import { expect, test } from 'vitest';
import { createPolicy } from './policy.ts';
import { createAgent } from './registry.ts';
import { scoring } from './scoring.ts';
import { agent, fresh, histories, quick, shape, text } from './testing/policies.ts';
import type { Agent } from './types.ts';

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

test('a run makes at most 2^24 scores of a power of two of histories', () => {
  const batch = (items: number, given?: number) =>
    scoring(
      { items, window: 3 },
      { program: () => () => ({ state: {}, outputs: {} }), frozen: () => ({}) },
      { batch: given },
    ).batch;
  expect([batch(8), batch(2 ** 20), batch(70_000), batch(2 ** 25), batch(2 ** 20, 60)]).toEqual([256, 16, 128, 1, 60]);
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
