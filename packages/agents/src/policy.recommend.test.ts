import { key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { expect, test } from 'vitest';
import { createPolicy } from './policy.ts';
import { agent, fresh, histories, ids, named, shape, text } from './testing/policies.ts';

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
  await expect(policy.recommend(query, undefined as never)).rejects.toThrow('recommend: k must be');
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
