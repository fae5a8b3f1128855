import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fold, integers, key, uniform } from '@lea/core';
import { historyWindows } from '@lea/data';
import { fidelity } from '@lea/eval';
import { float32 } from '@lea/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Environment, loadEnvironment } from '../inference/environment.ts';
import { rowsOf, usersOf } from '../testing.ts';
import { fitEnvironment } from './fit-environment.ts';
import { calibratedOffset, offsetOf, unseenLogOdds } from './unseen-offset.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test('the odds of unseen items are those of the softmax', () => {
  const logits = Float32Array.from([1, 2, 3, 4], Math.log);
  expect(unseenLogOdds(logits, Int32Array.of(5, 0, 1, 0))).toBeCloseTo(Math.log(6 / 4), 6);
  const far = logits.map((logit) => logit + 1000);
  expect(unseenLogOdds(far, Int32Array.of(5, 0, 1, 0))).toBeCloseTo(Math.log(6 / 4), 3);
});

test.each([
  // Half of the rows, at even odds.
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 5, 0],
  // (1 + 1) * 4 / 6 of 4 rows are unseen, and the odds say 3 of 4.
  [[1, 1, 1, 1].map(() => Math.log(3)), 1, Math.log(1 / 2) - Math.log(3)],
  // Nobody chose one: half a row of two.
  [[0, 0], 0, -Math.log(3)],
  // All did: one and a half rows of two.
  [[0, 0], 2, Math.log(3)],
])('the offset makes the expected number of unseen items that of the rows: %j, %d chosen', (odds, chosen, offset) => {
  expect(offsetOf(odds, chosen)).toBeCloseTo(offset, 10);
});

test('no other offset is more likely', () => {
  const loss = (odds: readonly number[], target: number, offset: number): number =>
    odds.reduce((sum, o) => sum + Math.log1p(Math.exp(o + offset)), 0) - target * offset;
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 2, maxLength: 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(-0.1, 0.1),
      (odds, share, step) => {
        const chosen = Math.floor(share * odds.length);
        const target = ((chosen + 1) * odds.length) / (odds.length + 2);
        const best = offsetOf(odds, chosen);
        expect(loss(odds, target, best)).toBeLessThan(loss(odds, target, best + step));
      },
    ),
  );
});

const ITEMS = 40;
const GROUPS = 8;
const RATE = 0.3;
/** The last item of each group is new: the first users do not choose it, the others choose it at {@link RATE}. */
const isNew = (item: number): boolean => item >= ITEMS - GROUPS;
const world = rowsOf(
  Array.from({ length: 180 }, (_, user) => {
    const k = fold(key(3), user);
    const [first, old, chance] = [integers(k, 1, GROUPS), integers(fold(k, 'old'), 10, 4), uniform(fold(k, 'new'), 10)];
    return Array.from({ length: 10 }, (_, t) => {
      const group = (first[0]! + 3 * t) % GROUPS;
      return group + GROUPS * (user >= 100 && chance[t]! < RATE ? 4 : old[t]!);
    });
  }),
  ITEMS,
);
const train = usersOf(world, (user) => user < 100);
const validation = usersOf(world, (user) => user >= 100 && user < 140);
const held = usersOf(world, (user) => user >= 140);
/** Texts say the group, and hardly which item of it. */
const tokens = float32(
  Array.from({ length: ITEMS * (GROUPS + 1) }, (_, i) => {
    const [item, column] = [Math.floor(i / (GROUPS + 1)), i % (GROUPS + 1)];
    return column === GROUPS ? item / ITEMS / 4 : Number(item % GROUPS === column);
  }),
  [ITEMS, GROUPS + 1],
);
const options = {
  train,
  validation,
  tokens,
  width: 16,
  layers: 1,
  heads: 2,
  window: 9,
  lr: 0.01,
  dropout: 0,
  epochs: 6,
};

/** Mean probability of the new items, and NDCG@10 of the rows where one of them was chosen. */
async function measured(environment: Environment) {
  const rows = Int32Array.from({ length: held.count }, (_, row) => row);
  const logits = await environment.score(historyWindows(held, rows, environment.window));
  const share = rows.map(
    (row) => 1e6 * sigmoid(unseenLogOdds(logits.subarray(row * ITEMS, (row + 1) * ITEMS), environment.counts)),
  );
  const { cold, ndcg } = await fidelity(environment, held, { train, fitted: train, k: 2 });
  return { share: share.reduce((a, b) => a + b, 0) / 1e6 / rows.length, cold: cold.ndcg, all: ndcg };
}

test.each(['softmax', 'sampled-softmax'] as const)(
  'new items are found at the rate at which users choose them, %s',
  async (loss) => {
    const fit = { ...options, loss, sampledItems: 30 };
    const plain = await fitEnvironment({ ...fit, unseenOffset: 0 });
    const calibrated = await fitEnvironment(fit);
    expect([...plain.counts.subarray(ITEMS - GROUPS)]).toEqual(Array(GROUPS).fill(0));
    const [before, after] = [await measured(plain), await measured(calibrated)];
    expect(before.share).toBeLessThan(RATE / 3);
    expect(after.share).toBeGreaterThan(RATE - 0.05);
    expect(after.share).toBeLessThan(RATE + 0.05);
    expect(after.cold).toBeGreaterThan(before.cold + 0.1);
    expect(after.all).toBeGreaterThan(before.all);
    for (const environment of [plain, calibrated]) await environment.dispose();
  },
);

test('the offset moves new items alone, is saved, and reaches positives and items that are added', async () => {
  const quick = { ...options, epochs: 1 };
  const plain = await fitEnvironment({ ...quick, unseenOffset: 0 });
  const moved = await fitEnvironment({ ...quick, unseenOffset: 30 });
  expect(moved.params).toEqual(plain.params);
  expect([plain.unseenOffset, moved.unseenOffset]).toEqual([0, 30]);
  expect(moved.hash).not.toBe(plain.hash);
  const windows = historyWindows(held, [0, 5], 9);
  const logits = await moved.score(windows);
  const before = await plain.score(windows);
  expect(logits).toEqual(before.map((logit, i) => (isNew(i % ITEMS) ? logit + 30 : logit)));
  expect([...(await moved.positives(windows, GROUPS)).items].every(isNew)).toBe(true);
  const more = moved.withItems(float32(tokens.data.slice(0, GROUPS + 1) as Float32Array, [1, GROUPS + 1]));
  expect((await more.positives(windows, GROUPS + 1)).items).toContain(ITEMS);

  const dir = await mkdtemp(join(tmpdir(), 'lea-unseen-'));
  await moved.save(dir);
  const again = await loadEnvironment(dir);
  expect([again.hash, again.unseenOffset]).toEqual([moved.hash, 30]);
  expect(await again.score(windows)).toEqual(logits);
  await rm(dir, { recursive: true });
  for (const environment of [plain, moved, more, again]) await environment.dispose();
});

test('where every item is known, or no validation says how many are not, there is no offset', async () => {
  const quick = { ...options, epochs: 1 };
  const known = await fitEnvironment({ ...quick, train: world });
  const alone = await fitEnvironment({ ...quick, validation: undefined });
  expect([known.unseenOffset, alone.unseenOffset]).toEqual([0, 0]);
  const { name, config, params, counts } = alone;
  const parts = {
    name,
    config,
    params,
    counts,
    tokens: null,
    calibration: null,
    data: '',
    runtime: { threads: 1, backend: undefined },
  };
  await expect(calibratedOffset(parts, validation, AbortSignal.abort())).rejects.toThrow('abort');
  for (const environment of [known, alone]) await environment.dispose();
});
