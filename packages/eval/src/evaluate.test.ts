import type { Scorer } from '@lea/data';
import { interactionsOf, sequences, transitions, type Windows } from '@lea/data';
import { describe, expect, it } from 'vitest';
import { lastItemMarkov } from './baselines/last-item-markov.ts';
import { evaluate } from './evaluate.ts';
import { transitionsOf } from './testing/transitions.ts';

/** Scores every history alike. */
function constant(...row: number[]): Scorer {
  return {
    name: 'constant',
    items: row.length,
    window: 2,
    score: async ({ size }) => Float32Array.from({ length: size * row.length }, (_, i) => row[i % row.length]!),
  };
}

const data = transitionsOf(
  [
    [0, 1, { buy: 2 }],
    [{ buy: 3 }, 0],
  ],
  4,
);

describe('evaluate', () => {
  it('ranks every event, the first of each sequence included, and keeps ranks, users, kinds', async () => {
    const result = await evaluate(constant(4, 3, 2, 1), data, { ks: [1, 2], batch: 2 });
    expect([...result.ranks]).toEqual([1, 2, 3, 4, 1]);
    expect([...result.user]).toEqual([0, 0, 0, 1, 1]);
    expect([...result.kind]).toEqual([0, 0, 1, 1, 0]);
    expect([...result.target]).toEqual([0, 1, 2, 3, 0]);
    expect(result.metrics['hr@1']).toBe(2 / 5);
    expect(result.metrics['hr@2/click']).toBe(1);
    expect(result.metrics['hr@2/purchase']).toBe(0);
    expect(result.protocol).toEqual({
      ranking: 'full catalog',
      items: 4,
      exclude: 'none',
      window: 2,
      events: 5,
      users: 2,
    });
  });

  it('refuses a set without events, whose averages would be NaN', async () => {
    const none = transitionsOf([], 4);
    await expect(evaluate(constant(4, 3, 2, 1), none)).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
  });

  it('refuses another way to exclude items', async () => {
    const asked = evaluate(constant(4, 3, 2, 1), data, { exclude: 'non' as never });
    await expect(asked).rejects.toMatchObject({ code: 'E_OPTION_VALUE', message: expect.stringContaining('"none"') });
  });

  it('gives the scorer the histories before each event, cut to its window', async () => {
    const given: number[][] = [];
    const spy: Scorer = {
      ...constant(0, 0, 0, 0),
      score: ({ items, length, size, window }) => {
        for (let i = 0; i < size; i++) given.push([...items.subarray(i * window, i * window + length[i]!)]);
        return new Float64Array(size * 4);
      },
    };
    await evaluate(spy, transitionsOf([[3, 1, 2, 0], [1]], 4), { batch: 3 });
    expect(given).toEqual([[], [3], [3, 1], [1, 2], []]);
  });

  it('leaves seen items out of the ranking, but never the chosen one', async () => {
    const repeats = transitionsOf([[0, 1, 0, 3, 3]], 4);
    const result = await evaluate(constant(4, 3, 2, 1), repeats, { exclude: 'seen' });
    expect([...result.ranks]).toEqual([1, 1, 1, 2, 2]);
  });

  it('does not depend on the batch', async () => {
    const [one, all] = await Promise.all([1, 256].map((batch) => evaluate(constant(1, 1, 2, 2), data, { batch })));
    expect(one).toEqual(all);
  });

  it('tells the progress and stops on the signal', async () => {
    const seen: number[][] = [];
    const controller = new AbortController();
    const work = evaluate(constant(1, 2, 3, 4), data, { batch: 2, signal: controller.signal });
    const following = async () => {
      for await (const { done, total } of work) {
        seen.push([done, total!]);
        if (done >= 4) controller.abort(new Error('enough'));
      }
    };
    await expect(following()).rejects.toThrow('enough');
    await expect(work).rejects.toThrow('enough');
    expect(seen).toEqual([
      [2, 5],
      [4, 5],
    ]);
  });

  it.each(['scores', 'ranks'] as const)('stops on a timer while %s are computed without waiting', async (what) => {
    const { ranks, ...scorer }: Scorer = lastItemMarkov(data);
    const many = { ...data, count: 5000, event: new Int32Array(5000), sequence: new Int32Array(5000) };
    const signal = AbortSignal.timeout(1);
    const work = evaluate(what === 'ranks' ? { ...scorer, ranks: ranks! } : scorer, many, { batch: 1, signal });
    await expect(work).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('refuses scores that are no typed array', async () => {
    for (const scores of [[1, 2, 3, 4], undefined, 5]) {
      const odd = { ...constant(1, 2, 3, 4), score: () => scores as never };
      await expect(evaluate(odd, data, { batch: 1 })).rejects.toMatchObject({ code: 'E_SCORE_SHAPE' });
    }
  });

  it('names scorer, item, event and user of a NaN', async () => {
    const bad = evaluate(constant(1, Number.NaN, 1, 1), data);
    await expect(bad).rejects.toThrow(/constant returned NaN for item "item1" at event 1 of user "user0" \(row 0\)/);
    await expect(bad).rejects.toMatchObject({ code: 'E_SCORE_NAN' });
  });

  it('takes the ranks of a scorer that counts itself, and asks for its scores where these are unknown', async () => {
    const asked: unknown[] = [];
    const counting: Scorer = {
      ...constant(4, 3, 2, 1),
      ranks: ({ size }, targets, excluded) => {
        asked.push([size, [...targets], excluded?.map((items) => Array.from(items))]);
        return Int32Array.from(targets, (target) => (target === 3 ? 0 : 2));
      },
    };
    expect([...(await evaluate(counting, data, { batch: 3 })).ranks]).toEqual([2, 2, 2, 4, 1]);
    await evaluate(counting, data, { batch: 3, exclude: 'seen' });
    expect(asked).toEqual([
      [3, [0, 1, 2], undefined],
      [2, [3, 0], undefined],
      [3, [0, 1, 2], [[], [0], [0, 1]]],
      [2, [3, 0], [[], [3]]],
    ]);
    for (const wrong of [[1], [1, 2, 3, 4, 5], [1, 1, 1, 1, -1], [1, 1, 1, 1, 0.5]]) {
      const odd = { ...counting, ranks: () => wrong as never };
      await expect(evaluate(odd, data)).rejects.toMatchObject({ code: 'E_SCORE_SHAPE' });
    }
  });

  it('refuses another catalog, a wrong number of scores and a misspelt option', async () => {
    await expect(evaluate(constant(1, 2), data)).rejects.toMatchObject({ code: 'E_CATALOG_SIZE' });
    const short = { ...constant(1, 2, 3, 4), score: () => new Float64Array(3) };
    await expect(evaluate(short, data)).rejects.toMatchObject({ code: 'E_SCORE_SHAPE' });
    await expect(evaluate(constant(1, 2, 3, 4), data, { exlude: 'seen' } as object)).rejects.toThrow(/exclude/);
    const odd = { code: 'E_OPTION_VALUE' };
    await expect(evaluate(constant(1, 2, 3, 4), data, { batch: 0 })).rejects.toMatchObject(odd);
    await expect(evaluate(constant(1, 2, 3, 4), data, { ks: [1.5] })).rejects.toMatchObject(odd);
  });
});

it("a scorer that knows other ids than the data's is refused, with how many are missing and new", async () => {
  const named = transitions(sequences(interactionsOf({ user: ['u', 'u', 'v'], item: ['a', 'b', 'c'] })));
  const scorer = (itemIds: string[]) => ({
    name: 'old',
    items: 3,
    itemIds,
    window: 2,
    score: ({ size }: Windows) => new Float32Array(3 * size),
  });
  expect((await evaluate(scorer(['a', 'b', 'c']), named)).events).toBe(3);
  await expect(evaluate(scorer(['a', 'x', 'y']), named)).rejects.toMatchObject({
    code: 'E_CATALOG_DIFFERS',
    message: expect.stringMatching(/2 of its items are missing, 2 are new/),
  });
  await expect(evaluate(scorer(['b', 'a', 'c']), named)).rejects.toThrow(/the order of the items differs/);
});
