import { catalogIdentityOf, type Scorer, type Windows } from '@lea/data';
import { expect, test } from 'vitest';
import { transitionsOf, usersOf } from '../testing/transitions.ts';
import { fidelity } from './fidelity.ts';
import { rewardAccuracy } from './reward-accuracy.ts';
import { type FidelitySubject, scoresAsRewards } from './subject.ts';

/** Users 0 and 1 are judged, user 2 is the log: items 0, 1, 2 once and 3 twice; 4 is cold. */
const all = transitionsOf(
  [
    [0, 4],
    [1, 3, 0],
    [0, 1, 2, 3, 3],
  ],
  6,
);
const held = usersOf(all, (user) => user < 2);
const train = usersOf(all, (user) => user === 2);

/** The same scores whatever the history. */
function scorer(row: readonly number[], more: object = {}): FidelitySubject & Scorer {
  return {
    name: 'by hand',
    items: row.length,
    window: 2,
    score: ({ size }: Windows) => Float64Array.from({ length: size * row.length }, (_, i) => row[i % row.length]!),
    ...more,
  };
}

test('ranks, positives, popularity and cold items', async () => {
  // Ties go to the smaller index: the order is 0, 3, 1, 2, 4, 5.
  const found = await fidelity(scorer([3, 1, 1, 2, 0, 0]), held, { train, k: 2 });
  expect([...found.perRow.rank]).toEqual([1, 5, 3, 2, 1]);
  const gain = (rank: number): number => 1 / Math.log2(rank + 1);
  expect(found.ndcg).toBeCloseTo((gain(1) + gain(5) + gain(3) + gain(2) + gain(1)) / 5, 12);
  expect(found.hr).toBe(1);
  // Positives 0 and 3 against the futures {0, 4}, {4}, {1, 3, 0}, {3, 0}, {0}.
  expect([...found.perRow.precision]).toEqual([0.5, 0, 1, 1, 0.5]);
  expect(found.precision).toBeCloseTo(3 / 5, 12);
  expect(found.precisionAt).toEqual([4 / 5, 3 / 5]);
  expect(found.coverage).toBeCloseTo(2 / 6, 12);
  // Counts 1 1 1 2 0 0: percentiles .6 for items 0 to 2, 1 for 3, .1 for 4 and 5.
  expect(found.popularity.positives).toBeCloseTo((0.6 + 1) / 2, 12);
  expect(found.popularity.logged).toBeCloseTo((0.6 + 0.1 + 0.6 + 1 + 0.6) / 5, 12);
  expect([...found.perRow.cold]).toEqual([0, 1, 0, 0, 0]);
  expect(found.cold).toMatchObject({ rows: 1, ndcg: gain(5) });
  expect([...found.perRow.user]).toEqual([0, 0, 1, 1, 1]);
});

test('cold items are those of the fitted rows, not of the log', async () => {
  const fitted = usersOf(all, (user) => user === 0);
  const found = await fidelity(scorer([3, 1, 1, 2, 0, 0]), held, { train, fitted, k: 2 });
  expect([...found.perRow.cold]).toEqual([0, 0, 1, 1, 0]);
});

test('a scorer is asked for scores, a reward model for rewards, on the same comparisons', async () => {
  const row = [3, 1, 1, 2, 0, 0];
  const scores = scorer(row);
  const options = { train, draws: 3, k: 2 };
  const found = await fidelity(scores, held, options);
  const rewards = await fidelity(
    scorer(row, { rewards: async (_: Windows, actions: Int32Array) => Array.from(actions, (a) => row[a]!) }),
    held,
    options,
  );
  expect(rewards).toEqual(found);
  const { rows, accuracyUniform, accuracyPopular, missing } = found;
  expect(await rewardAccuracy(scoresAsRewards(scores), held, { train, draws: 3 })).toEqual({
    rows,
    accuracyUniform,
    accuracyPopular,
    missing,
  });
  // Users 0 and 1 have not met 1, 2, 3, 5 and 2, 4, 5: by popularity 1, 2, 3 and always 2. Item 0 beats all of them, 4 none,
  // 1 ties with 2, 3 beats it.
  expect([...found.perRow.accuracyPopular]).toEqual([1, 0, 0.5, 1, 1]);
  expect(found.accuracyPopular).toBeCloseTo(3.5 / 5, 12);
  expect(found.reward.popular.count).toBe(15);
  expect(found.reward.kinds.click).toEqual({ count: 5, mean: 9 / 5, sd: expect.closeTo(Math.sqrt(34 / 25), 12) });
});

test('more draws keep the first ones', async () => {
  const asked: Int32Array[] = [];
  const spy = scorer([3, 1, 1, 2, 0, 0], {
    rewards: async (_: Windows, actions: Int32Array) => {
      asked.push(actions);
      return new Float32Array(actions.length);
    },
  });
  await fidelity(spy, held, { train, draws: 1, k: 1 });
  await fidelity(spy, held, { train, draws: 4, k: 1 });
  const [one, four] = asked as [Int32Array, Int32Array];
  for (let row = 0; row < held.count; row++) {
    expect([...one.subarray(row * 3, row * 3 + 3)]).toEqual([0, 1, 5].map((column) => four[row * 9 + column]));
  }
  // Nothing that the user met is ever a negative.
  const met = new Set([0, 4]);
  for (const item of four.subarray(1, 9)) expect(met.has(item)).toBe(false);
});

test('a reward model, which ranks no catalog, is measured by its rewards alone', async () => {
  const row = [3, 1, 1, 2, 0, 0];
  const scores = scorer(row);
  const options = { train, k: 2 };
  const found = await fidelity(scores, held, options);
  const only = await fidelity(scoresAsRewards(scores), held, options);
  const unranked = { ndcg: Number.NaN, hr: Number.NaN, precision: Number.NaN, coverage: Number.NaN };
  expect(only).toEqual({
    ...found,
    ...unranked,
    precisionAt: [Number.NaN, Number.NaN],
    popularity: { ...found.popularity, positives: Number.NaN },
    cold: { ...found.cold, ndcg: Number.NaN },
    perRow: { ...found.perRow, rank: new Int32Array(5), precision: new Float64Array(5).fill(Number.NaN) },
  });
});

test('a sample has the rows and comparisons that a measurement of all rows has', async () => {
  const scores = scorer([3, 1, 1, 2, 0, 0]);
  const options = { train, k: 2 };
  const found = await fidelity(scores, held, options);
  expect([...found.perRow.row]).toEqual([0, 1, 2, 3, 4]);
  const drawn = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { perRow, ...some } = await fidelity(scores, held, { ...options, seed, sample: 3 });
    const all = (await fidelity(scores, held, { ...options, seed })).perRow;
    drawn.add(perRow.row.join());
    expect(some.rows).toBe(3);
    expect(perRow.row.toSorted()).toEqual(perRow.row);
    for (const [i, row] of perRow.row.entries()) {
      for (const name of ['rank', 'user', 'cold', 'precision', 'accuracyUniform', 'accuracyPopular'] as const) {
        expect(perRow[name][i]).toBe(all[name][row]);
      }
    }
  }
  expect(drawn.size).toBeGreaterThan(5);
  expect(await fidelity(scores, held, { ...options, sample: 5 })).toEqual(found);
});

test('missing rewards are left out', async () => {
  const some = scorer([3, 1, 1, 2, 0, 0], {
    rewards: async (_: Windows, actions: Int32Array) => Array.from(actions, (a) => (a === 4 ? Number.NaN : -a)),
  });
  const found = await fidelity(some, held, { train, draws: 2, k: 1 });
  // The logged 4 makes 4 comparisons missing; 4 is never popular, and may be a uniform negative of user 1.
  expect(found.missing).toBeGreaterThanOrEqual(4);
  expect(found.perRow.accuracyUniform[1]).toBeNaN();
  expect(found.reward.kinds.click!.count).toBe(4);
  expect(found.cold.accuracyUniform).toBeNaN();
  expect(found.auc.popular).toBeGreaterThan(0.5);
});

test('validation users scale the probabilities of the others', async () => {
  const validation = usersOf(all, (user) => user === 1);
  const test = usersOf(all, (user) => user === 0);
  // Equal for all histories: user 1 prefers 1, 3, 0 to 2, 4, 5, so the larger the scale of the scores the surer it is.
  const found = await fidelity(scorer([40, 30, 10, 20, 0, 0]), test, { train, validation, k: 1 });
  expect(found.calibration.uniform.slope).toBe(1);
  expect(found.scaled!.uniform.slope).toBeGreaterThan(0);
  expect(found.scaled!.uniform.slope).toBeLessThan(1);
  expect(found.calibration.uniform.bins.map((bin) => bin.count).reduce((a, b) => a + b)).toBe(10);
  expect((await fidelity(scorer([1, 1, 1, 1, 1, 1]), test, { train, k: 1 })).scaled).toBeUndefined();
});

test('the probabilities of a calibrated subject are held against the logged actions of the others', async () => {
  const good = scorer([3, 1, 1, 2, 0, 0]);
  expect((await fidelity(good, held, { train, k: 1 })).probabilities).toBeUndefined();
  const calibration = { slope: 2, intercept: -3 };
  const { probabilities } = await fidelity({ ...good, calibration }, held, { train, k: 1, draws: 2 });
  expect(probabilities).toMatchObject(calibration);
  // Five logged actions and ten others that count half.
  const counted = probabilities!.bins.filter(({ count }) => count > 0);
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBeCloseTo(10, 12);
  // Item 0, of score 3, is what two decisions were for and nobody's negative.
  expect(counted.at(-1)).toMatchObject({ count: 2, observed: 1 });
  expect(counted.at(-1)!.predicted).toBeCloseTo(1 / (1 + Math.exp(-3)), 12);
});

test('what cannot be measured is refused by name', async () => {
  const good = scorer([3, 1, 1, 2, 0, 0]);
  await expect(fidelity(scorer([1, 2]), held)).rejects.toMatchObject({ code: 'E_CATALOG_SIZE' });
  const { itemIds } = held.sequences;
  const subject = scorer(itemIds.map((_, i) => i));
  await fidelity({ ...subject, catalogIdentity: catalogIdentityOf(itemIds) }, held, { k: 1 });
  const other = { ...subject, catalogIdentity: catalogIdentityOf(itemIds.toReversed()) };
  await expect(fidelity(other, held, { k: 1 })).rejects.toMatchObject({ code: 'E_CATALOG_DIFFERS' });
  await expect(fidelity(scorer([1, 2, 3, Number.NaN, 1, 1]), held, { k: 1 })).rejects.toThrow('NaN for item 3');
  await expect(fidelity({ ...good, score: () => new Float32Array(5) }, held, { k: 1 })).rejects.toMatchObject({
    code: 'E_SCORE_SHAPE',
  });
  await expect(fidelity(good, held, { k: 0 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  const bad = [{ sample: 0, k: 1 }, { draws: 1.5 }, { draws: 1e9 }, { k: 7 }, { seed: 0.5 }];
  const rows = [0, -1, 2.5, Number.NaN].map((some) => ({ rows: some }));
  for (const options of [...bad, ...rows]) {
    const found = fidelity(good, held, { k: 1, ...options });
    await expect(found, JSON.stringify(options)).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    if ('k' in options) continue;
    const asked = rewardAccuracy(scoresAsRewards(good), held, options);
    await expect(asked, JSON.stringify(options)).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  }
  await expect(
    fidelity(
      good,
      usersOf(all, () => false),
    ),
  ).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
  await expect(fidelity(good, held, { k: 1, signal: AbortSignal.abort() })).rejects.toThrow('abort');
});
