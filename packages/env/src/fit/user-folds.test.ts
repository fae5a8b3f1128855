import { key } from '@lea/core';
import { transitions } from '@lea/data';
import { expect, test } from 'vitest';
import { rowsOf, usersOf } from '../testing.ts';
import { userFolds, withoutUsersOf } from './user-folds.ts';

const lengths = Array.from({ length: 11 }, (_, u) => 1 + (u % 4));
const all = rowsOf(
  lengths.map((length) => Array.from({ length }, (_, t) => t)),
  4,
);
/** Of nine users, without the first event of each that has several. */
const set = transitions(all.sequences, (event, s) => s < 9 && (event > all.sequences.offsets[s]! || lengths[s] === 1));

test('every user with rows is in one fold, with all rows, and the folds are even', () => {
  const folds = [...userFolds(set, 4, key(0))];
  const users = folds.map(({ own }) => new Set(own.sequence));
  expect(users.map(({ size }) => size).sort()).toEqual([2, 2, 2, 3]);
  expect(users.flatMap((some) => [...some]).sort()).toEqual([...new Set(set.sequence)].sort());
  expect(folds.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)).toEqual([...set.event.keys()]);
  folds.forEach(({ rows, own, others }, i) => {
    expect(own).toEqual(transitions(all.sequences, (e, s) => set.event.includes(e) && users[i]!.has(s)));
    expect(others).toEqual(transitions(all.sequences, (e, s) => set.event.includes(e) && !users[i]!.has(s)));
    expect([...own.event]).toEqual(Array.from(rows, (row) => set.event[row]));
  });
});

test('the key decides the folds, and nothing else does', () => {
  const rows = (seed: number, from = set) => Array.from(userFolds(from, 3, key(seed)), (fold) => [...fold.rows]);
  expect(rows(0)).toEqual(rows(0));
  expect(rows(1)).not.toEqual(rows(0));
  const [first] = rows(0);
  expect(first).not.toEqual(first!.map((_, i) => i));
});

test('users that are left out are told by their ids', () => {
  const left = usersOf(all, (u) => u === 2 || u === 5);
  expect(withoutUsersOf(left, all)).toEqual(usersOf(all, (u) => u !== 2 && u !== 5));
  // The same users, but the first two are not there: indices are others.
  const later = { ...all.sequences, userIds: all.sequences.userIds.map((_, u) => `u${1000 + u + 2}`) };
  expect(new Set(withoutUsersOf(left, transitions(later)).sequence)).toEqual(new Set([1, 2, 4, 5, 6, 7, 8, 9, 10]));
});
