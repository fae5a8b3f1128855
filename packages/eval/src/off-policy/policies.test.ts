import { fold, key, uniform, weightedDraw } from '@lea/core';
import { createWorld, type Scorer, splitByUser, windowsOf } from '@lea/data';
import { describe, expect, it } from 'vitest';
import { coOccurrence } from '../index.ts';
import { transitionsOf } from '../testing/transitions.ts';
import { countBehavior, fitBehavior } from './behavior.ts';
import { embeddingClusters } from './embedding-clusters.ts';
import type { BanditFeedback } from './feedback.ts';
import { feedbackOf, trajectoriesOf } from './feedback-of.ts';
import { offPolicyValue } from './off-policy-value.ts';
import { type ActionPolicy, epsilonGreedyPolicy, softmaxPolicy, topKPolicy } from './policy.ts';
import { describeSupport } from './support.ts';

/** Scores that depend on the last item. */
const scorer = (...table: number[][]): Scorer => ({
  name: 'table',
  items: table[0]!.length,
  window: 1,
  score: ({ items, length, size }) =>
    Float64Array.from(Array.from({ length: size }, (_, i) => table[length[i]! > 0 ? items[i]! : 0]!).flat()),
});

/** A log with the given histories. */
const after = (...histories: number[][]): BanditFeedback => ({
  actions: 3,
  action: histories.map(() => 0),
  reward: histories.map(() => 1),
  propensity: histories.map(() => 1),
  histories: (rounds, window) =>
    windowsOf(
      Array.from(rounds, (round) => histories[round]!),
      window,
      3,
    ),
});

const rowsOf = async (policy: ActionPolicy, log: BanditFeedback): Promise<number[]> => [
  ...(await policy.probabilities(
    log,
    Int32Array.from(log.action, (_, round) => round),
  )),
];

describe('policies of a scorer', () => {
  const scores = scorer([0, Math.log(3), -Infinity], [2, 2, 1], [0, 0, 1000]);

  it('softmax', async () => {
    const log = after([0], [2]);
    expect(await rowsOf(softmaxPolicy(scores), log)).toEqual(
      [0.25, 0.75, 0, 0, 0, 1].map((p) => expect.closeTo(p, 12)),
    );
    const cold = await rowsOf(softmaxPolicy(scores, { temperature: 0.5 }), after([0]));
    expect(cold).toEqual([0.1, 0.9, 0].map((p) => expect.closeTo(p, 12)));
  });

  it('epsilon-greedy; the smaller index is the best of equals', async () => {
    const rows = await rowsOf(epsilonGreedyPolicy(scores, { epsilon: 0.3 }), after([0], [1]));
    expect(rows).toEqual([0.1, 0.8, 0.1, 0.8, 0.1, 0.1].map((p) => expect.closeTo(p, 12)));
  });

  it('uniform over the top k; smaller indices are better among equals', async () => {
    expect(await rowsOf(topKPolicy(scores, { k: 2 }), after([0], [1], [2]))).toEqual([
      0.5, 0.5, 0, 0.5, 0.5, 0, 0.5, 0, 0.5,
    ]);
    expect(await rowsOf(topKPolicy(scores, { k: 1 }), after([1]))).toEqual([1, 0, 0]);
    expect(await rowsOf(topKPolicy(scores, { k: 9 }), after([1]))).toEqual([1, 1, 1].map((p) => p / 3));
  });

  it('need histories', async () => {
    const { histories: _, ...log } = after([0]);
    await expect(rowsOf(softmaxPolicy(scores), log)).rejects.toMatchObject({ code: 'E_FEEDBACK' });
  });
});

describe('a scorer that gives NaN', () => {
  const nan = scorer([1, Number.NaN, 2], [1, Number.NaN, 2], [1, Number.NaN, 2]);

  it.each([
    ['softmaxPolicy', softmaxPolicy],
    ['epsilonGreedyPolicy', epsilonGreedyPolicy],
    ['topKPolicy', topKPolicy],
  ])('gives no %s', async (_, policyOf) => {
    await expect(rowsOf(policyOf(nan), after([0]))).rejects.toThrow(
      expect.objectContaining({ code: 'E_SCORE_NAN', message: expect.stringContaining('NaN for item 1') }),
    );
  });

  it('gives no temperature', async () => {
    const chosen = transitionsOf([[0, 2, 0]], 3);
    await expect(fitBehavior(nan, chosen)).rejects.toMatchObject({ code: 'E_SCORE_NAN' });
  });
});

describe('behavior policies', () => {
  // Rows: - 0, 0 1, 1 0 | - 0, 0 1
  const train = transitionsOf(
    [
      [0, 1, 0],
      [0, 1],
    ],
    3,
  );

  it('counts of items', async () => {
    const rows = await rowsOf(countBehavior(train, { given: 'nothing', smoothing: 1 }), after([]));
    expect(rows).toEqual([4, 3, 1].map((n) => expect.closeTo(n / 8, 12)));
    expect(await rowsOf(countBehavior(train, { given: 'nothing', smoothing: 0 }), after([]))).toEqual([0.6, 0.4, 0]);
  });

  it('counts after the last item, backed off to those of items', async () => {
    const policy = countBehavior(train, { smoothing: 1, backoff: 2 });
    const [zero, one, two] = [4 / 8, 3 / 8, 1 / 8];
    // After 0 came 1 twice; after 1 came 0 once; after 2 nothing.
    const wanted = [
      [zero / 2, one / 2 + 2 / 4, two / 2],
      [(2 * zero + 1) / 3, (2 * one) / 3, (2 * two) / 3],
      [zero, one, two],
      [zero, one, two],
    ];
    const rows = await rowsOf(policy, after([2, 0], [1], [2], []));
    expect(rows).toEqual(wanted.flat().map((p) => expect.closeTo(p, 12)));
  });

  it('a fitted temperature is that of the log', async () => {
    const table = [
      [0, 1, 3],
      [2, 0, 0],
      [1, 2, 0],
    ];
    const truth = 1.7;
    const draws = uniform(fold(key(1), 'log'), 6000);
    const items: number[] = [];
    for (const draw of draws) {
      const own = table[items.at(-1) ?? 0]!.map((score) => Math.exp(score / truth));
      items.push(weightedDraw(own)(draw));
    }
    const { temperature, policy } = await fitBehavior(scorer(...table), transitionsOf([items], 3), { rows: 6000 });
    expect(Math.abs(temperature - truth)).toBeLessThan(0.1);
    expect(policy.name).toBe('softmax of table');
  });

  it('a scorer that excludes what was chosen is refused', async () => {
    const never = scorer([-Infinity, 0, 0], [0, 0, 0], [0, 0, 0]);
    await expect(fitBehavior(never, train)).rejects.toMatchObject({ code: 'E_PROBABILITIES' });
    const none = scorer([-Infinity, -Infinity, 0], [-Infinity, -Infinity, 0], [0, 0, 0]);
    const refused = expect.objectContaining({ code: 'E_PROBABILITIES', message: expect.stringContaining('every') });
    await expect(fitBehavior(none, train, { ruledOut: 'leave out' })).rejects.toEqual(refused);
  });

  it('as an evaluated policy its temperature is that of the choices that it allows', async () => {
    // Rows with an empty history or 0 before them rule out the item 0: only 1 after 0 remains, and 0 after 1.
    const seldom = scorer([-Infinity, 1, 0], [0, 0, 0], [0, 0, 0]);
    const { temperature, policy } = await fitBehavior(
      seldom,
      transitionsOf(
        [
          [0, 1],
          [0, 2],
          [0, 1],
          [0, 1],
        ],
        3,
      ),
      {
        ruledOut: 'leave out',
      },
    );
    // Three of four choose item 1: exp(1 / t) = 3.
    expect(temperature).toBeCloseTo(1 / Math.log(3), 6);
    expect(await rowsOf(policy, after([0]))).toEqual([0, 0.75, 0.25].map((p) => expect.closeTo(p, 6)));
  });
});

it('a behavior policy that does not predict held-out users shows in the mean weight', async () => {
  const { interactions } = createWorld({ seed: 0, users: 300, items: 200 });
  const { train, validation, test } = splitByUser(interactions, { seed: 0 });
  const ours = epsilonGreedyPolicy(coOccurrence(train), { epsilon: 0.9 });
  const support = async (behavior: ActionPolicy) =>
    describeSupport(await feedbackOf(test, behavior, { click: 0.2, purchase: 1 }), ours, { behavior });
  const counted = await support(countBehavior(train));
  expect(counted.meanWeight).toBeCloseTo(2.06, 2);
  expect(counted.reasons.at(-1)).toContain('propensities are wrong');
  const fitted = await support((await fitBehavior(coOccurrence(train), validation)).policy);
  expect(fitted.meanWeight).toBeCloseTo(0.96, 2);
  expect(fitted.answerable).toBe(true);
});

describe('logs of a split', () => {
  const set = transitionsOf(
    [
      [0, { buy: 1 }],
      [1, 2, 0],
    ],
    3,
  );
  const behavior = countBehavior(set, { given: 'nothing', smoothing: 0 });
  const rewards = { click: 0.2, purchase: 1 };

  it('have actions, rewards, users and propensities of the behavior policy', async () => {
    const log = await feedbackOf(set, behavior, rewards);
    expect(log).toMatchObject({
      actions: 3,
      action: Int32Array.of(0, 1, 1, 2, 0),
      cluster: Int32Array.of(0, 0, 1, 1, 1),
    });
    expect([...(log.reward as Float64Array)]).toEqual([0.2, 1, 0.2, 0.2, 0.2]);
    expect(Array.from((await feedbackOf(set, behavior, [0.2, 1])).reward)).toEqual([0.2, 1, 0.2, 0.2, 0.2]);
    const reward = Float64Array.of(3, -1, 0, 7, 0.5);
    const own = { ...set, sequences: { ...set.sequences, reward } };
    expect((await feedbackOf(own, behavior, 'logged')).reward).toEqual(reward);
    expect([...(log.propensity as Float64Array)]).toEqual([0.4, 0.4, 0.4, 0.2, 0.4]);
    expect(log.state).toEqual(Int32Array.of(0, 1, 0, 2, 3));
    const { value } = await offPolicyValue(log, behavior, { unsupported: 'estimate', resamples: 1 });
    expect(value).toBeCloseTo(1.8 / 5, 12);
  });

  it('are trajectories of users', async () => {
    const log = await trajectoriesOf(set, behavior, rewards, 0.9);
    expect(log).toMatchObject({ offsets: Int32Array.of(0, 2, 5), discount: 0.9 });
  });
});

describe('categories of items', () => {
  it('are groups of like vectors, for every seed', () => {
    const angles = [0, 1.5, 3].flatMap((center) => [-0.1, 0, 0.1].map((shift) => center + shift));
    const vectors = { shape: [9, 2], data: angles.flatMap((angle) => [5 * Math.cos(angle), 5 * Math.sin(angle)]) };
    for (let seed = 0; seed < 10; seed++) {
      const category = [...embeddingClusters(vectors, { clusters: 3, seed })];
      const groups = [0, 3, 6].map((start) => new Set(category.slice(start, start + 3)));
      expect(groups.map((group) => group.size)).toEqual([1, 1, 1]);
      expect(new Set(category).size).toBe(3);
    }
  });

  it('are fewer than asked for if fewer vectors differ', () => {
    const category = embeddingClusters({ shape: [3, 1], data: [2, 3, 0] }, { clusters: 3 });
    expect(category[0]).toBe(category[1]);
    expect(category).toHaveLength(3);
  });

  it('items without text take no center from those with one, and go to the first cluster', () => {
    // 60 items without text, then 40 items in 4 orthogonal directions.
    const data = new Float32Array(100 * 4);
    for (let item = 60; item < 100; item++) data[item * 4 + (item % 4)] = 1;
    for (let seed = 0; seed < 50; seed++) {
      const category = [...embeddingClusters({ shape: [100, 4], data }, { clusters: 4, seed })];
      expect(new Set(category.slice(0, 60))).toEqual(new Set([0]));
      expect(new Set(category.slice(60, 64)).size).toBe(4);
      expect(category.slice(64)).toEqual(category.slice(60, 96));
    }
    expect([...embeddingClusters({ shape: [3, 2], data: new Float32Array(6) })]).toEqual([0, 0, 0]);
  });
});
