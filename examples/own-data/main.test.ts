import { interactionsOf, sequences, transitions } from '@lea/data';
import { averages } from '@lea/eval';
import { expect, it } from 'vitest';
import { main } from './main.ts';
import { recentPopularity } from './src/index.ts';

it('runs as it stands', async () => {
  expect(await main()).toEqual([
    '40 users, 12 items, 227 events',
    'popularity: rbp@10 0.0811',
    'recent popularity: rbp@10 0.0720',
  ]);
});

it('counts the last events of each user', () => {
  const train = transitions(
    sequences(interactionsOf({ user: ['a', 'a', 'a', 'b', 'b'], item: ['x', 'y', 'z', 'x', 'z'] })),
  );
  const scores = (last: number) => [
    ...(recentPopularity(train, { last }).score({ size: 1, window: 1 } as never) as Float64Array),
  ];
  expect(scores(1)).toEqual([0, 0, 2]);
  expect(scores(2)).toEqual([1, 1, 2]);
  expect(() => recentPopularity(train, { last: 0 })).toThrow(/recent-popularity/);
});

it('measures rank-biased precision', () => {
  expect(averages([1, 3, 11], [0, 0, 0], ['click'], [10])['rbp@10']).toBeCloseTo((0.2 + 0.128) / 3, 12);
});
