import { expect, it } from 'vitest';
import { logOf } from './fixtures/log.ts';
import { findLeaks } from './leaks.ts';
import { leaveOneOut } from './split/by-order.ts';
import { splitByUserLists } from './split/by-user.ts';

const data = logOf('a: 0 1 2 3 4 5 6', 'b: 9 1 2 3 4 5 8', 'c: 5 4 3 2 1', 'd: 9 1 2 3 4 5 8 7', 'e: 0 1 2 3 9');

it('finds the longest run shared with an earlier set', () => {
  const { leaks, counts } = findLeaks(splitByUserLists(data, { validation: ['b', 'c'], test: ['d', 'e'] }));
  expect(leaks).toEqual([
    {
      set: 'test',
      user: 'd',
      otherSet: 'validation',
      otherUser: 'b',
      length: 7,
      items: ['9', '1', '2', '3', '4', '5', '8'],
    },
    { set: 'validation', user: 'b', otherSet: 'train', otherUser: 'a', length: 5, items: ['1', '2', '3', '4', '5'] },
  ]);
  expect(counts).toEqual({
    validation: { sequences: 2, leaking: 1, runs: 4, shared: 1 },
    test: { sequences: 2, leaking: 1, runs: 5, shared: 3 },
  });
});

it('finds shorter runs on demand and refuses runs of one', () => {
  const split = splitByUserLists(data, { validation: ['b'], test: ['e'] });
  expect(findLeaks(split, { run: 4 }).leaks.map(({ user, length }) => [user, length])).toEqual([
    ['b', 7],
    ['e', 4],
  ]);
  expect(() => findLeaks(split, { run: 1 })).toThrow(/at least 2/);
});

it('does not take a split inside sequences for a leak', () => {
  expect(findLeaks(leaveOneOut(data), { run: 2 }).leaks).toEqual([]);
});
