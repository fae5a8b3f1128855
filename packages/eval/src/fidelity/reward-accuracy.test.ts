import type { RewardModel } from '@lea/data';
import { expect, test } from 'vitest';
import { transitionsOf, usersOf } from '../testing/transitions.ts';
import { rewardAccuracy } from './reward-accuracy.ts';

/** Users 0, 1 choose items 0..4 in turn; item 9 is the only other one that occurs, in the rows of user 2. */
const all = transitionsOf([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], Array(20).fill(9)], 10);
const held = usersOf(all, (user) => user < 2);
const train = usersOf(all, (user) => user === 2);

function modelOf(reward: (action: number) => number): RewardModel {
  return {
    name: 'by hand',
    items: 10,
    window: 3,
    rewards: async (_, actions) => Float32Array.from(actions, reward),
  };
}

test('counts preferences for what was logged', async () => {
  // Users have met 0..4, so negatives are 5..9, and by popularity always 9.
  expect(
    await rewardAccuracy(
      modelOf((a) => -a),
      held,
      { train },
    ),
  ).toEqual({
    rows: 10,
    accuracyUniform: 1,
    accuracyPopular: 1,
    missing: 0,
  });
  expect(
    await rewardAccuracy(
      modelOf((a) => a),
      held,
      { train, rows: 4 },
    ),
  ).toMatchObject({ rows: 4, accuracyUniform: 0 });
  expect(
    await rewardAccuracy(
      modelOf(() => 1),
      held,
      { train },
    ),
  ).toMatchObject({ accuracyUniform: 0.5 });
  // Only the popular negative is liked more.
  const popular = await rewardAccuracy(
    modelOf((a) => (a === 9 ? 2 : a < 5 ? 1 : 0)),
    held,
    { train, seed: 3 },
  );
  expect(popular.accuracyPopular).toBe(0);
  expect(popular.accuracyUniform).toBeGreaterThan(0.5);
});

test('missing rewards are left out and counted', async () => {
  const some = modelOf((a) => (a === 0 ? Number.NaN : -a));
  expect(await rewardAccuracy(some, held, { train })).toEqual({
    rows: 10,
    accuracyUniform: 1,
    accuracyPopular: 1,
    missing: 4,
  });
});
