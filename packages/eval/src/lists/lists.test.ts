import type { Scorer } from '@lea/data';
import { transitions } from '@lea/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { popularity } from '../baselines/popularity.ts';
import { evaluate } from '../evaluate.ts';
import { clusteredMean } from '../significance/compare.ts';
import { expectClose } from '../testing/histories.ts';
import { transitionsOf, usersOf } from '../testing/transitions.ts';
import { gini } from './exposure.ts';
import { listMetrics } from './list-metrics.ts';
import { parseListMetric } from './names.ts';
import { recommend } from './recommend.ts';

// Train counts 3, 2, 1, 0 of the items, by 3, 1, 1 and no users; the users 3 and 4 are tested on their events but the first.
const all = transitionsOf([[0, 1, 1], [0, 2], [0], [0, 3, 1, 1], [2, 0]], 4); // biome-ignore format: one line
const train = usersOf(all, (user) => user < 3);
const test = transitions(all.sequences, (event, user) => user >= 3 && event > all.sequences.offsets[user]!);
const byCount = popularity(train);

describe('recommend', () => {
  it('gives the best items before every event, ties by index, with the item of the event as the relevant one', async () => {
    const tied: Scorer = { name: 'tied', items: 4, window: 1, score: ({ size }) => new Float64Array(size * 4).map((_, i) => (i % 4 === 2 ? 1 : 0)) }; // biome-ignore format: one line
    const { items, user, row, relevant, k } = await recommend(tied, test, { k: 3, batch: 3 });
    expect(k).toBe(3);
    expect([...items]).toEqual([2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]);
    expect([[...user], [...row]]).toEqual([[3, 3, 3, 4], [0, 1, 2, 3]]); // biome-ignore format: one line
    expect(relevant.map((own) => [...own])).toEqual([[3], [1], [1], [0]]);
  });

  it('gives one list per user, before the first event, with all items of the events as relevant ones', async () => {
    const lengths: number[] = [];
    const heard: Scorer = {
      ...byCount,
      window: 9,
      score: (histories) => {
        lengths.push(...histories.length);
        return byCount.score(histories);
      },
    };
    const { user, row, relevant } = await recommend(heard, test, { per: 'user' });
    expect(lengths).toEqual([1, 1]);
    expect([[...user], [...row]]).toEqual([[3, 4], [0, 3]]); // biome-ignore format: one line
    expect(relevant.map((own) => [...own])).toEqual([[3, 1], [0]]);
  });

  it('leaves out what was seen, so that lists may be shorter', async () => {
    const { items, k } = await recommend(byCount, test, { exclude: 'seen', k: 99 });
    expect(k).toBe(4);
    expect([...items]).toEqual([1, 2, 3, -1, 1, 2, -1, -1, 2, -1, -1, -1, 0, 1, 3, -1]);
  });

  it('refuses scores that are NaN, and tells how far it is', async () => {
    const nan = { ...byCount, score: () => new Float64Array(4).fill(Number.NaN) };
    await expect(recommend(nan, test, { batch: 1 })).rejects.toMatchObject({ code: 'E_SCORE_NAN' });
    const done = [];
    for await (const event of recommend(byCount, test, { batch: 3 })) done.push([event.done, event.total]);
    expect(done).toEqual([[3, 4], [4, 4]]); // biome-ignore format: one line
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(recommend(byCount, test, { signal: controller.signal })).rejects.toThrow('enough');
    await expect(
      recommend(
        byCount,
        usersOf(all, () => false),
      ),
    ).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
  });
});

describe('listMetrics', () => {
  it('equals what two lists give by hand', async () => {
    const lists = await recommend(byCount, test, { per: 'user', k: 3 });
    expect([...lists.items]).toEqual([0, 1, 2, 0, 1, 2]);
    const vectors = { shape: [4, 2], data: [1, 0, 0, 2, 3, 3, 1, 1] };
    const { metrics, userMetrics } = listMetrics(lists, train, { ks: [2, 3], vectors });
    // Relevant are 1, 3 of the first user and 0 of the second.
    const wanted = {
      'hr@2': 1,
      'recall@2': (1 / 2 + 1) / 2,
      'precision@2': 1 / 2,
      'mrr@2': (1 / 2 + 1) / 2,
      'map@2': (1 / 2 / 2 + 1) / 2,
      'ndcg@2': (1 / Math.log2(3) / (1 + 1 / Math.log2(3)) + 1) / 2,
      // 3 of 3 users chose item 0, 1 of 3 each of items 1 and 2.
      'novelty@2': Math.log2(3) / 2,
      'novelty@3': (2 * Math.log2(3)) / 3,
      'popularity@2': 5 / 12,
      // Item 1 is second in the list and by popularity, and item 0 is first.
      'serendipity@2': 0,
      'similarity@2': 0,
      'similarity@3': (0 + 2 * Math.SQRT1_2) / 3,
      'coverage@2': 1 / 2,
      'coverage@3': 3 / 4,
      // Shown 0, 0, 2, 2 times: (1 * 2 + 3 * 2) / (3 * 4).
      'gini@2': 2 / 3,
      // The histories are of item 0 with share 1/2, and item 2 with 1/6.
      'lift@2': 5 / 12 / (1 / 3) - 1,
    };
    for (const [name, value] of Object.entries(wanted)) {
      expect(metrics[name], name).toBeCloseTo(value, 12);
      expect(userMetrics[name], name).toBeCloseTo(value, 12);
    }
  });

  it('counts users the same in the exposure and the lift of users', async () => {
    const last: Scorer = {
      ...byCount,
      name: 'last',
      score: ({ items, length, size, window }) => {
        const scores = new Float64Array(size * 4);
        for (let i = 0; i < size; i++) scores[4 * i + items[i * window + length[i]! - 1]!] = 1;
        return scores;
      },
    };
    const { metrics, userMetrics } = listMetrics(await recommend(last, test, { k: 1 }), train);
    // Shown are the last items 0, 3, 1 of the first user and 2 of the second: 1, 1, 1, 1 lists, or 1/3, 1/3, 1/3, 1 users.
    expect(metrics['gini@1']).toBe(0);
    expect(userMetrics['gini@1']).toBeCloseTo((-3 - 1 + 1) / 3 / 6 + 3 / 6, 12);
    expect(userMetrics['coverage@1']).toBe(1);
    // Shares of the lists 1/2, 0, 1/3 and 1/6; of the histories 1/2, 1/4, 5/18 and 1/6.
    expect(metrics['lift@1']).toBeCloseTo(1 / ((18 + 9 + 10 + 6) / 36) - 1, 12);
    expect(userMetrics['lift@1']).toBeCloseTo((5 / 18 + 1 / 6) / (37 / 108 + 1 / 6) - 1, 12);
  });

  it('leaves out lists without a value, as the interval of a metric must', async () => {
    // The lists are 1, 2, 3 | 1, 2 | 2 | 0, 1, 3: the third one has no pair of items.
    const lists = await recommend(byCount, test, { exclude: 'seen', k: 4 });
    const vectors = { shape: [4, 2], data: [1, 0, 0, 1, 0, 1, 0, 1] };
    const { metrics, values, user } = listMetrics(lists, train, { ks: [2], vectors });
    const column = values['similarity@2']!;
    expect([...column]).toEqual([1, 1, Number.NaN, 0]);
    expect(metrics['similarity@2']).toBeCloseTo(2 / 3, 12);
    expect(() => clusteredMean(column, user)).toThrow('values[2] must be a finite number. Got NaN. Leave out');
    const known = (_: number, list: number): boolean => !Number.isNaN(column[list]);
    const { value, events, users } = clusteredMean(column.filter(known), user.filter(known));
    expect([value, events, users]).toEqual([metrics['similarity@2'], 3, 2]);
  });

  it('has the accuracy of evaluate where each list has one relevant item', async () => {
    const [ranked, lists] = [await evaluate(byCount, test, { ks: [1, 3] }), await recommend(byCount, test)];
    const { metrics } = listMetrics(lists, train, { ks: [1, 3] });
    const names = Object.keys(ranked.metrics).filter((name) => !name.includes('/') && name in metrics);
    expect(names).toHaveLength(12);
    for (const name of names) expect(metrics[name], name).toBeCloseTo(ranked.metrics[name]!, 12);
  });

  it('rewards a hit that popularity would not have given', async () => {
    const rare: Scorer = { ...byCount, score: ({ size }) => new Float64Array(size * 4).map((_, i) => i % 4) };
    const { values } = listMetrics(await recommend(rare, test, { k: 1 }), train);
    // Item 3, which train does not have, is first for everybody, and the first event chooses it.
    expect([...values['serendipity@1']!]).toEqual([1, 0, 0, 0]);
    expectClose(
      values['novelty@1']!,
      [1, 1, 1, 1].map(() => Math.log2(3)),
    );
  });

  it('refuses other catalogs, longer lists and a train set without rows', async () => {
    const lists = await recommend(byCount, test, { k: 2 });
    expect(() => listMetrics(lists, train, { ks: [3] })).toThrow(
      expect.objectContaining({ code: 'E_OPTION_VALUE', value: 3 }),
    );
    expect(() =>
      listMetrics(
        lists,
        usersOf(all, () => false),
      ),
    ).toThrow(expect.objectContaining({ code: 'E_DATA_EMPTY' }));
    expect(() => listMetrics(lists, transitionsOf([[0]], 3))).toThrow(
      expect.objectContaining({ code: 'E_CATALOG_SIZE' }),
    );
    const vectors = { shape: [3, 1], data: [1, 2, 3] };
    expect(() => listMetrics(lists, train, { vectors })).toThrow(expect.objectContaining({ code: 'E_VECTORS_SHAPE' }));
    // A list of all items can be no longer.
    const whole = await recommend(byCount, test, { k: 9 });
    expect(listMetrics(whole, train, { ks: [9] }).metrics['recall@9']).toBe(1);
  });
});

it('the Gini index is 0 of equal exposure, 1 of a single item, and half the mean difference by the mean', () => {
  expect(gini(Float64Array.of(2, 2, 2))).toBe(0);
  expect(gini(Float64Array.of(0, 5, 0))).toBe(1);
  const exposures = fc
    .array(fc.nat(9), { minLength: 2, maxLength: 9 })
    .filter((shown) => shown.some((count) => count > 0));
  fc.assert(
    fc.property(exposures, (shown) => {
      const apart = shown.flatMap((a) => shown.map((b) => Math.abs(a - b)));
      const mean = shown.reduce((sum, count) => sum + count, 0) / shown.length;
      const difference = apart.reduce((sum, d) => sum + d, 0) / (shown.length * (shown.length - 1));
      expect(gini(Float64Array.from(shown))).toBeCloseTo(difference / (2 * mean), 12);
    }),
  );
});

it('names of metrics of lists', () => {
  expect(parseListMetric('gini@10')).toEqual({ measure: 'gini', k: 10 });
  for (const name of ['gini', 'gini@0', 'auc@10', 'ndcg@10/click']) {
    expect(() => parseListMetric(name), name).toThrow(
      expect.objectContaining({ code: 'E_METRIC_UNKNOWN', value: name }),
    );
  }
});
