import { windowsOf } from '@lea/data';
import { expect, test } from 'vitest';
import { type PositiveOptions, positivesOf } from './positives.ts';

// Five items, two histories; rewards do not go with the logits.
const logits = Float32Array.of(5, 4, 3, 2, 1, 1, 2, 3, 4, 5);
const rewards = [
  [0, 1, 7, 3, 9],
  [4, 8, 6, 2, 1],
];
const asked: number[][] = [];
const env = {
  items: 5,
  counts: Int32Array.of(99, 9, 9, 9, 0),
  scoreEncoded: async () => logits,
  rewardsEncoded: async (_: unknown, actions: Int32Array, { pessimism }: { pessimism: number }) => {
    asked.push([...actions]);
    return Float32Array.from(actions, (a, i) => rewards[Math.floor(i / (actions.length / 2))]![a]! - pessimism * a);
  },
};
const windows = windowsOf([[1], [2]], 3, 5);
const encoded = {
  ...{ windows, read: windows, past: [] },
  state: new Float32Array(2),
  states: new Float32Array(2),
  history: Int32Array.of(0, 1),
};
const best = async (k: number, options?: Partial<PositiveOptions>) => {
  const { items, logits: own } = await positivesOf(env, encoded, k, options);
  own.forEach((logit, i) => {
    expect(logit).toBe(logits[Math.floor(i / k) * 5 + items[i]!]);
  });
  return [...items];
};

test('by state: the highest logits', async () => {
  expect(await best(2)).toEqual([0, 1, 4, 3]);
  expect(await best(2, { exclude: [[0], [4, 3]] })).toEqual([1, 2, 2, 1]);
});

test('by reward: the highest rewards of a shortlist by state', async () => {
  asked.length = 0;
  expect(await best(1, { rankBy: 'reward', shortlist: 3 })).toEqual([2, 2]);
  expect(asked).toEqual([[0, 1, 2, 4, 3, 2]]);
  expect(await best(2, { rankBy: 'reward' })).toEqual([4, 2, 1, 2]);
  expect(await best(1, { rankBy: 'reward', pessimism: 3 })).toEqual([2, 1]);
  // As many as are left are on the shortlist; fewer than k is an error.
  expect(
    await best(2, {
      rankBy: 'reward',
      exclude: [
        [4, 4],
        [1, 2],
      ],
    }),
  ).toEqual([2, 1, 0, 3]);
  await expect(best(3, { rankBy: 'reward', exclude: [[0, 1, 2], []] })).rejects.toMatchObject({
    code: 'E_OPTION_VALUE',
  });
});

test('popularity is taken off the logits that are compared, not off those that are told', async () => {
  // log((count + 1) / total): item 0 is ten times as frequent as items 1 to 3, these ten times as item 4.
  const ten = Math.log(10);
  expect(await best(1, { popularityCorrection: 1.1 / ten })).toEqual([1, 4]);
  expect(await best(1, { popularityCorrection: 3.1 / ten })).toEqual([4, 4]);
  expect(await best(5, { popularityCorrection: 100 })).toEqual([4, 1, 2, 3, 0, 4, 3, 2, 1, 0]);
});

test('what is no rule is named', async () => {
  await expect(best(1, { rankBy: 'rewards' as 'reward' })).rejects.toThrow('"reward"');
  await expect(best(1, { popularityCorrection: -1 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  await expect(best(1, { shortlist: 0 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  await expect(best(1, { pessimism: -1 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  for (const k of [0, -1, 1.5, Number.NaN, 6])
    await expect(best(k)).rejects.toMatchObject({ code: 'E_OPTION_VALUE', message: expect.stringContaining('k must') });
});

test('a large catalog goes through in parts', async () => {
  const items = 2 ** 23;
  const sizes: number[] = [];
  const large = {
    items,
    counts: new Int32Array(1),
    scoreEncoded: async ({ state }: { state: Float32Array }) => {
      sizes.push(state.length);
      const scores = new Float32Array(state.length * items);
      state.forEach((favorite, row) => {
        scores[row * items + favorite] = 1;
      });
      return scores;
    },
    rewardsEncoded: async () => new Float32Array(),
  };
  const windows = windowsOf([[1], [2], [3]], 3, 5);
  const states = {
    ...{ windows, read: windows, past: [] },
    state: Float32Array.of(70, 50, 90),
    states: new Float32Array(),
    history: Int32Array.of(0, 1, 2),
  };
  const found = await positivesOf(large, states, 1, { exclude: [[], [50], [0]] });
  expect([...found.items]).toEqual([70, 0, 90]);
  expect(sizes).toEqual([2, 1]);
});
