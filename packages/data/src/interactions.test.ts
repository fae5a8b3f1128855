import { expect, it } from 'vitest';
import { dataHash, interactionsOf } from './interactions.ts';

it('orders numeric ids by number, others as strings', () => {
  const data = interactionsOf({ user: ['u10', 'u9', 'u10'], item: ['10', '9', '2'] });
  expect(data.itemIds).toEqual(['2', '9', '10']);
  expect(data.userIds).toEqual(['u10', 'u9']);
  expect(interactionsOf({ user: ['a', 'a'], item: ['10', '09'] }).itemIds).toEqual(['09', '10']);
});

it('sorts by user, then time, and keeps the order of equal times', () => {
  const data = interactionsOf({
    user: ['b', 'a', 'b', 'a', 'a'],
    item: ['1', '2', '3', '4', '5'],
    time: [5, 7, 1, 7, 2],
    kind: ['view', 'buy', 'view', 'view', 'buy'],
  });
  expect([...data.user]).toEqual([0, 0, 0, 1, 1]);
  expect([...data.item].map((i) => data.itemIds[i])).toEqual(['5', '2', '4', '3', '1']);
  expect([...data.time]).toEqual([2, 7, 7, 1, 5]);
  expect([...data.kind].map((k) => data.kinds[k])).toEqual(['buy', 'buy', 'view', 'view', 'view']);
});

it('without times keeps the order of arrival, without kinds all are clicks', () => {
  const data = interactionsOf({ user: ['a', 'b', 'a'], item: ['3', '2', '1'] });
  expect([...data.item].map((i) => data.itemIds[i])).toEqual(['3', '1', '2']);
  expect(data.kinds).toEqual(['click']);
});

it('pins the items and their order', () => {
  const data = interactionsOf({ user: ['a'], item: ['x'] }, { ids: ['y', 'x', 'w'] });
  expect(data.itemIds).toEqual(['y', 'x', 'w']);
  expect([...data.item]).toEqual([1]);
  expect(() => interactionsOf({ user: ['a'], item: ['yy'] }, { ids: ['y', 'x'] })).toThrow(
    /event 0: unknown id\. Got "yy"\. The nearest known one is "y"/,
  );
  expect(() => interactionsOf({ user: ['a'], item: ['x'] }, { ids: ['x', 'x'] })).toThrow(/more than once. Got "x"/);
});

it('refuses nothing, bad times and too many kinds', () => {
  expect(() => interactionsOf({ user: [], item: [] })).toThrow(/not one event/);
  expect(() => interactionsOf({ user: ['a'], item: ['x'], time: [Number.NaN] })).toThrow(/event 0: the time/);
  const many = Array.from({ length: 257 }, (_, i) => `k${i}`);
  expect(() => interactionsOf({ user: many, item: many, kind: many })).toThrow(/256 kinds/);
});

it('hashes the content', () => {
  const make = (item: string) => dataHash(interactionsOf({ user: ['a', 'a'], item: ['x', item] }));
  expect(make('y')).toBe(make('y'));
  expect(make('y')).not.toBe(make('z'));
});
