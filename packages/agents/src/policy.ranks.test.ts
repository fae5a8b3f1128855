import { fold, integers, key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { evaluate } from '@lea/eval';
import { float32, type Values } from '@lea/tensor';
import { expect, test } from 'vitest';
import { logOf, someMemory } from './fixtures/memory/logs.ts';
import { createPolicy, type Policy } from './policy.ts';
import { createAgent } from './registry.ts';

const [items, window, count] = [37, 4, 50];
const shape = { items, window };
const draw = (label: string, size: number, below = items) => integers(fold(key(5), label), size, below);
const histories = Array.from({ length: count }, (_, i) => Array.from(draw(`history ${i}`, i % 7)));
const windows = windowsOf(histories, window, items);
const targets = draw('targets', count);
/** Some lists hold items twice, and some the target. */
const excluded = Array.from({ length: count }, (_, i) => draw(`excluded ${i}`, (3 * i) % 60));

/** Weights of which each output row occurs several times, so that many scores are equal. */
const withTies = (params: Values): Values => ({
  ...params,
  'ce.weight': float32(
    params['ce.weight']!.data.map((_, i, all) => all[i % (11 * 5)]!) as Float32Array,
    params['ce.weight']!.shape,
  ),
});

/** What `Scorer.ranks` says, item by item. */
function ranksOf(scores: ArrayLike<number>, left: readonly ArrayLike<number>[] = []): number[] {
  return Array.from(targets, (target, row) => {
    const score = (item: number) => scores[row * items + item]!;
    const out = new Set(Array.from(left[row] ?? []));
    let rank = 1;
    for (let item = 0; item < items; item++) {
      if (item === target || out.has(item)) continue;
      if (score(item) > score(target) || (score(item) === score(target) && item < target)) rank++;
    }
    return rank;
  });
}

async function expectRanks(policy: Pick<Policy, 'score' | 'ranks'>) {
  const scores = await policy.score(windows);
  expect([...(await policy.ranks(windows, targets))]).toEqual(ranksOf(scores));
  expect([...(await policy.ranks(windows, targets, excluded))]).toEqual(ranksOf(scores, excluded));
  return scores;
}

test.each([
  ['ce', 'sasrec'],
  ['snqn', 'gru4rec'],
  ['vpq', 'caser'],
])('ranks of %s on %s are those of its scores, ties and excluded items included', async (type, encoder) => {
  const agent = createAgent({ type, encoder: { type: encoder, width: 4 } });
  const params = agent.init(key(2), shape);
  for (const [weights, batch] of [
    [params, 256],
    [withTies(params), 19],
  ] as const) {
    const policy = createPolicy(agent, weights, shape, { batch, threads: 1 });
    const scores = await expectRanks(policy);
    if (weights !== params && type === 'ce') {
      expect(new Set(scores.subarray(0, items)).size).toBeLessThan(items);
    }
    await policy.dispose();
  }
});

test('ranks of a memory, and of a policy with one, follow what it observes', async () => {
  const memory = someMemory(logOf([Array.from(draw('log', 90)), Array.from(draw('more', 30))], items), {
    window,
    horizon: 4,
  });
  const agent = createAgent({ type: 'ce', encoder: { type: 'sasrec', width: 4 } });
  const policy = createPolicy(agent, agent.init(key(2), shape), shape, { memory, batch: 16, threads: 1 });
  for (const [scorer, observe] of [
    [memory, memory.observe],
    [policy, policy.observeIndices],
  ] as const) {
    await expectRanks(scorer);
    observe(histories.map((history) => ({ history, item: 3 })));
    await expectRanks(scorer);
    await scorer.dispose();
  }
});

test('evaluate ranks alike with the ranks of a policy and with its scores', async () => {
  const log = logOf(
    Array.from({ length: 12 }, (_, user) => Array.from(draw(`user ${user}`, 9))),
    items,
  );
  const agent = createAgent({ type: 'ce', encoder: { type: 'gru4rec', width: 4 } });
  const policy = createPolicy(agent, withTies(agent.init(key(2), shape)), shape, { threads: 1 });
  const { ranks: _, ...byScore } = policy;
  for (const exclude of ['none', 'seen'] as const) {
    const asked = { exclude, batch: 50 };
    expect(await evaluate(policy, log, asked)).toEqual(await evaluate(byScore, log, asked));
  }
  await policy.dispose();
});

test('scores that are NaN leave the rank unknown, and evaluate names the item', async () => {
  const agent = createAgent({ type: 'ce', encoder: { type: 'gru4rec', width: 4 } });
  const params = agent.init(key(2), shape);
  params['ce.weight']!.data[7 * 5] = Number.NaN;
  const policy = createPolicy(agent, params, shape, { threads: 1 });
  expect([...(await policy.ranks(windows, targets))]).toEqual(Array(count).fill(0));
  await expect(evaluate(policy, logOf([[1, 2]], items))).rejects.toMatchObject({
    code: 'E_SCORE_NAN',
    message: expect.stringContaining('"7"'),
  });
  await policy.dispose();
});

test('targets and excluded items that do not fit are refused', async () => {
  const agent = createAgent({ type: 'ce', encoder: { type: 'gru4rec', width: 4 } });
  const policy = createPolicy(agent, agent.init(key(2), shape), shape, { threads: 1 });
  const refused = (code: string, ...ranked: [Int32Array, number[][]?]) =>
    expect(policy.ranks(windowsOf([[1], [2]], window, items), ...ranked)).rejects.toMatchObject({ code });
  await refused('E_WINDOWS', Int32Array.of(1));
  await refused('E_WINDOWS', Int32Array.of(1, 2), [[3]]);
  await refused('E_ITEM_RANGE', Int32Array.of(1, items));
  await refused('E_ITEM_RANGE', Int32Array.of(1, -1));
  await refused('E_ITEM_RANGE', Int32Array.of(1, 2), [[], [items]]);
  await policy.dispose();
  await refused('E_DISPOSED', Int32Array.of(1, 2));
});
