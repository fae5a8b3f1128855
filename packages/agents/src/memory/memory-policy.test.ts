import { key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32 } from '@lea/tensor';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { logOf, someMemory } from '../fixtures/memory/logs.ts';
import { createPolicy } from '../policy.ts';
import { createAgent } from '../registry.ts';
import { checkedFusion } from './fusion.ts';
import { textTable } from './likeness.ts';
import {
  agent,
  ce,
  disposeMemories,
  fused,
  histories,
  log,
  memory,
  near,
  paramsOf,
  quick,
  shape,
  windows,
} from './testing.ts';

afterAll(disposeMemories);
afterEach(() => {
  vi.restoreAllMocks();
});

const refuse = (make: () => unknown, expected: object) => expect(make).toThrow(expect.objectContaining(expected));
const anyHint = { hint: expect.stringMatching(/\w/) };

test('events that are observed are known to the next call, not to the memory the policy was made with', async () => {
  const before = memory.hash;
  const policy = fused();
  const other = fused();
  const old = await policy.score(windows);
  const inFlight = policy.score(windows);
  policy.observeIndices(Array(5).fill({ history: [0, 1], item: 6 }));
  expect(await inFlight).toEqual(old);
  const next = await policy.score(windows);
  // Row 1 is the history [1], and item 6 followed item 1.
  expect(next[8 + 6]).toBeGreaterThan(old[8 + 6]! + 0.5);
  expect(memory.hash).toBe(before);
  expect(await other.score(windows)).toEqual(old);
  const [list] = await policy.recommendIndices([[0, 1]], 1);
  expect(list![0]!.item).toBe(6);
  await Promise.all([policy.dispose(), other.dispose()]);
  await expect(policy.score(windows)).rejects.toMatchObject({ code: 'E_DISPOSED' });
});

/** Compiled programs that are made from here on, and how many of them have been given back. */
function watchedSessions(): { made: number; released: number } {
  const watched = { made: 0, released: 0 };
  const create = InferenceSession.create.bind(InferenceSession) as (...args: unknown[]) => Promise<InferenceSession>;
  vi.spyOn(InferenceSession, 'create').mockImplementation((async (...args: unknown[]) => {
    const session = await create(...args);
    watched.made++;
    const release = session.release.bind(session);
    session.release = async () => {
      watched.released++;
      await release();
    };
    return session;
  }) as never);
  return watched;
}

test('tables grow over many calls; programs of older forms are given back', async () => {
  const watched = watchedSessions();
  const larger = { items: 40, window: 3 };
  const own = someMemory(logOf([[0, 1, 2]], 40), { window: 2, horizon: 4 });
  const make = () => createPolicy(agent, agent.init(key(1), larger), larger, { ...quick, memory: own });
  const policy = make();
  const events: { history: number[]; item: number }[] = [];
  const [first, several] = [windowsOf([[1, 2]], 3, 40), windowsOf(histories, 3, 40)];
  for (let step = 0; step < 30; step++) {
    const some = Array.from({ length: 5 }, (_, i) => ({
      history: [(step + i) % 40, (3 * step) % 40],
      item: (step * i) % 40,
    }));
    events.push(...some);
    // Two calls in flight while the tables grow.
    const running = [policy.score(first), policy.score(several)];
    policy.observeIndices(some);
    await Promise.all([...running, policy.score(first)]);
  }
  expect(watched.made).toBeGreaterThan(4);
  // A form has two programs, for one history and for up to 16.
  expect(watched.made - watched.released).toBeLessThanOrEqual(4);
  const atOnce = make();
  atOnce.observeIndices(events);
  near(await policy.score(several), [...(await atOnce.score(several))]);
  await policy.memory!.score(several);
  await Promise.all([policy.dispose(), atOnce.dispose()]);
  expect(watched.released).toBe(watched.made);
});

test('a call whose tables have room makes no program anew', async () => {
  const watched = watchedSessions();
  const policy = fused();
  await policy.score(windows);
  policy.observeIndices([{ history: [0], item: 1 }]);
  await policy.score(windows);
  expect(watched.made).toBe(1);
  await policy.dispose();
});

test('observes by ids as it does by indices; unknown ids are left out and counted', async () => {
  const itemIds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const make = () => createPolicy(agent, paramsOf(agent), shape, { ...quick, memory, itemIds });
  const [byId, byIndex] = [make(), make()];
  byId.observe([
    { history: ['a', 'new', 'b'], item: 'g' },
    { history: ['c'], item: 'newer' },
    { history: [], item: 'h' },
  ]);
  byIndex.observeIndices([
    { history: [0, 1], item: 6 },
    { history: [], item: 7 },
  ]);
  expect(await byId.score(windows)).toEqual(await byIndex.score(windows));
  expect(byId.ignored).toBe(2);
  const before = byId.memory!.hash;
  const known = { history: ['a'], item: 'b' };
  const throwing = { unknown: 'throw' } as const;
  for (const [code, events] of [
    ['E_ID_UNKNOWN', [known, { history: ['new'], item: 'b' }]],
    ['E_ID_UNKNOWN', [known, { history: ['a'], item: 'new' }]],
    ['E_HISTORY', [known, { history: [1], item: 'b' }]],
    ['E_HISTORY', [known, { history: ['a'], item: 1 }]],
    ['E_HISTORY', [known, undefined]],
  ] as const) {
    refuse(() => byId.observe(events as never, throwing), { code, ...anyHint });
  }
  expect(byId.memory!.hash).toBe(before);
  refuse(() => fused().observe([known]), { code: 'E_ITEM_IDS', ...anyHint });
  await Promise.all([byId.dispose(), byIndex.dispose()]);
});

test('recommends among candidates, without what is excluded', async () => {
  const policy = fused();
  const all = await policy.recommendIndices(histories, 8);
  expect(all.map((list) => list.length)).toEqual([8, 8, 8, 8]);
  const some = await policy.recommendIndices(histories, 8, { candidates: [6, 2, 4] });
  expect(some).toEqual(all.map((list) => list.filter(({ item }) => [2, 4, 6].includes(item))));
  const unseen = await policy.recommendIndices(histories, 8, { exclude: 'seen' });
  expect(unseen).toEqual(all.map((list, row) => list.filter(({ item }) => !histories[row]!.includes(item))));
  const without = await policy.recommendIndices(histories, 8, { exclude: [0, 1] });
  expect(without).toEqual(all.map((list) => list.filter(({ item }) => item > 1)));
  await policy.dispose();
});

test('an item that nobody chose is reached through its text', async () => {
  // Items 6 and 7 were never chosen; the text of item 7 is that of item 2.
  const directions = [0, 1, 2, 3, 4, 5, 6, 2].map((item) => [Math.cos(item), Math.sin(item)]);
  const text = await textTable(float32(directions.flat(), [8, 2]), 20, Infinity);
  const cold = someMemory(log, { window: 2, horizon: 4 }, text);
  const policy = createPolicy(agent, paramsOf(agent), shape, { ...quick, memory: cold, fusion: { weight: 0 } });
  const [list] = await policy.recommendIndices([[2]], 2, { candidates: [6, 7] });
  expect(list!.map(({ item }) => item)).toEqual([7, 6]);
  expect(list![0]!.score - list![1]!.score).toBeGreaterThan(1);
  const plain = createPolicy(agent, paramsOf(agent), shape, { ...quick, memory, fusion: { weight: 0 } });
  const [alike] = await plain.recommendIndices([[2]], 2, { candidates: [6, 7] });
  expect(alike![0]!.score).toBe(alike![1]!.score);
  await Promise.all([policy.dispose(), plain.dispose()]);
});

test('what does not fit together is refused', () => {
  const other = someMemory(logOf([[0, 1]], 5), { window: 2, horizon: 2 });
  refuse(() => fused({}, { memory: other }), { code: 'E_MEMORY', value: 5, ...anyHint });
  refuse(() => createPolicy(agent, paramsOf(agent), shape, { fusion: { weight: 1 } }), {
    code: 'E_MEMORY_MISSING',
    ...anyHint,
  });
  const plain = createPolicy(agent, paramsOf(agent), shape);
  refuse(() => plain.observeIndices([{ history: [1], item: 2 }]), { code: 'E_MEMORY_MISSING', ...anyHint });
  for (const [fusion, value] of [
    [{ form: 'before' }, 'before'],
    [{ weight: -0.1 }, -0.1],
    [{ weight: Number.NaN }, Number.NaN],
    [{ form: 'mixture', weight: 1.1 }, 1.1],
    [{ temperature: 0 }, 0],
  ] as const) {
    refuse(() => fused(fusion as never), { code: 'E_OPTION_VALUE', value });
  }
  refuse(() => fused({ wieght: 1 } as never), {
    code: 'E_OPTION_UNKNOWN',
    value: 'wieght',
    hint: 'Did you mean "weight"?',
  });
  expect(checkedFusion({ weight: 2 }, memory.config).weight).toBe(2);

  for (const config of [
    { type: 'snqn', rankingHead: 'q', encoder: ce.encoder },
    { type: 'ce', encoder: { type: 'sasrec', width: 4, everyPosition: true } },
    { type: 'ce', loss: 'sampled-softmax', sampledItems: 4, encoder: ce.encoder },
    { type: 'sqn', bcqThreshold: 0.25, encoder: ce.encoder },
  ] as const) {
    const one = createAgent(config);
    refuse(() => fused({ form: 'joint' }, {}, one), {
      code: 'E_MEMORY_JOINT',
      value: config.type,
      hint: expect.stringMatching(/^Set .* Or fuse the memory after training with form "after"\.$/),
    });
  }
  // The parameters of one that learned alone.
  refuse(() => fused({ form: 'joint' }), { code: 'E_POLICY_WEIGHTS', message: expect.stringMatching(/memory\.scale/) });
});
