import { expect, it } from 'vitest';
import { logOf } from './fixtures/log.ts';
import { splitByUserLists } from './split/by-user.ts';
import { findTextLeaks } from './text-leaks.ts';

const split = splitByUserLists(logOf('a: 0 1 2', 'b: 1 2 3', 'c: 0 3 4', 'd: 4 5'), {
  validation: ['b'],
  test: ['c', 'd'],
});

it('finds held-out decisions whose own user had a part in the text of the item', () => {
  const contributions = [
    { user: 'a', item: '0' }, // of a train user
    { user: 'a', item: '3' }, // about what others choose
    { user: 'b', item: '3' },
    { user: 'b', item: '3' }, // twice
    { user: 'b', item: '0' }, // about what b never chooses
    { user: 'd', item: '5' },
    { user: 'x', item: '4' }, // of a user outside the data
  ];
  expect(findTextLeaks(split, contributions)).toEqual({
    leaks: [
      { set: 'test', user: 'd', item: '5', contributors: 1 },
      { set: 'validation', user: 'b', item: '3', contributors: 2 },
    ],
    counts: { validation: { decisions: 3, leaking: 1 }, test: { decisions: 5, leaking: 1 } },
  });
});

it('finds nothing in what train users said, or where nobody is known to have said anything', () => {
  expect(findTextLeaks(split, [{ user: 'a', item: '3' }]).leaks).toEqual([]);
  expect(findTextLeaks(split, []).counts.test).toEqual({ decisions: 5, leaking: 0 });
});

it('refuses contributions by other ids, which would hide every leak', () => {
  expect(() => findTextLeaks(split, [{ user: 'user-b', item: '3' }])).toThrow(/names a known user/);
  expect(() => findTextLeaks(split, [{ user: 'b', item: 'item-3' }])).toThrow(/names a known item/);
});
