import { type Annotation, rowsHash } from '@lea/data';
import { expect, test } from 'vitest';
import { follow, rowsOf } from '../testing.ts';
import { annotateRewards } from './annotate-rewards.ts';

const train = rowsOf(
  [
    [0, 1, 2],
    [3, 0],
  ],
  4,
);
const annotation: Annotation = {
  rows: 5,
  k: 2,
  state: new Float32Array(10),
  reward: new Float32Array(5),
  positives: Int32Array.of(1, 2, 2, 3, 3, 0, 0, 1, 1, 2),
  logits: new Float32Array(10),
  positiveRewards: new Float32Array(10),
  rewardMean: 0,
  rewardStd: 1,
  hash: 'first',
};

/** Ten times the number of events before, plus the action. */
const model = (rate = (before: number, action: number): number => 10 * before + action) => ({
  name: 'by hand',
  items: 4,
  window: 2,
  hash: 'model',
  rewards: async ({ length }: { length: Int32Array }, actions: Int32Array) =>
    Float32Array.from(actions, (action, i) => rate(length[Math.floor((i * length.length) / actions.length)]!, action)),
});

test("rewards are the model's, everything else stays", async () => {
  const steps: number[] = [];
  const judged = await follow(annotateRewards(annotation, train, model()), ({ done }) => steps.push(done));
  expect([...judged.reward]).toEqual([0, 11, 22, 3, 10]);
  expect([...judged.positiveRewards]).toEqual([1, 2, 12, 13, 23, 20, 0, 1, 11, 12]);
  expect(judged.rewardMean).toBeCloseTo(9.2, 6);
  expect(judged.rewardStd).toBeCloseTo(Math.sqrt((9.2 ** 2 + 1.8 ** 2 + 12.8 ** 2 + 6.2 ** 2 + 0.8 ** 2) / 5), 5);
  expect(judged.positives).toBe(annotation.positives);
  expect(judged.hash).not.toBe('first');
  expect(steps).toEqual([5]);
});

test('missing ones say nothing', async () => {
  const some = model((before, action) => (action === 0 ? Number.NaN : before));
  const judged = await annotateRewards({ ...annotation, calibration: {} as never }, train, some);
  expect(judged.rewardMean).toBeCloseTo(1, 6);
  expect([...judged.reward]).toEqual([1, 1, 2, 0, 1]);
  expect(judged.positiveRewards[5]).toBe(1);
  expect(judged).not.toHaveProperty('calibration');
  const none = model(() => Number.NaN);
  await expect(annotateRewards(annotation, train, none)).rejects.toMatchObject({ code: 'E_REWARD_MISSING' });
});

test('rows and catalog must be the same', async () => {
  await expect(annotateRewards(annotation, rowsOf([[0]], 4), model())).rejects.toThrow('the 5 rows');
  await expect(annotateRewards(annotation, train, { ...model(), items: 9 })).rejects.toThrow('the 4 items');
  // As many rows, but others.
  const known = { ...annotation, rowsHash: rowsHash(train) };
  await annotateRewards(known, train, model());
  const other = rowsOf(
    [
      [1, 0, 2],
      [3, 0],
    ],
    4,
  );
  await expect(annotateRewards(known, other, model())).rejects.toThrow('other rows');
});
