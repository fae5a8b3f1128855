import type { LeaError } from '@lea/core';
import { describe, expect, it } from 'vitest';
import { checkDistinct } from './ids.ts';
import { dataHash } from './interactions.ts';
import { type EventColumns, interactionsOf } from './interactions-of.ts';

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

it('sorts users of few and of many events alike', () => {
  const times = Array.from({ length: 120 }, (_, i) => (i * 37) % 11);
  const sorted = (count: number) => {
    const data = interactionsOf({
      user: times.slice(0, count).map(() => 'a'),
      item: [...times.slice(0, count).keys()],
      time: times.slice(0, count),
      reward: [...times.slice(0, count).keys()].map((event) => event / 2),
    });
    const ids = [...data.item].map((i) => data.itemIds[i]);
    expect([...data.reward!].map((reward) => String(reward * 2))).toEqual(ids);
    return ids;
  };
  for (const count of [40, 120]) {
    const byHand = [...times.slice(0, count).keys()].sort((a, b) => times[a]! - times[b]! || a - b);
    expect(sorted(count)).toEqual(byHand.map(String));
  }
});

it('sorts the events of thousands of users like one sort of all events', () => {
  const events = Array.from({ length: 9000 }, (_, i) => ({ user: (i * 7919) % 3001, item: i, time: (i * 31) % 17 }));
  const column = (name: 'user' | 'item' | 'time') => events.map((event) => event[name]);
  const data = interactionsOf({ user: column('user'), item: column('item'), time: column('time') });
  const sorted = events.toSorted((a, b) => a.user - b.user || a.time - b.time || a.item - b.item);
  expect([...data.user]).toEqual(sorted.map(({ user }) => user));
  expect([...data.item]).toEqual(sorted.map(({ item }) => item));
  expect([...data.time]).toEqual(sorted.map(({ time }) => time));
});

it('keeps rewards beside their events, and hashes them', () => {
  const log = { user: ['b', 'a', 'a'], item: ['1', '2', '3'], time: [1, 9, 5] };
  const data = interactionsOf({ ...log, reward: [1.5, '-2', 3n] });
  expect(data.reward).toEqual(Float64Array.of(3, -2, 1.5));
  expect(interactionsOf(log)).not.toHaveProperty('reward');
  expect(dataHash(data)).not.toBe(dataHash(interactionsOf(log)));
  expect(dataHash(data)).not.toBe(dataHash(interactionsOf({ ...log, reward: [1.5, -2, 4] })));
  for (const bad of [Number.NaN, Infinity, '', 'x', null, undefined, true]) {
    expect(() => interactionsOf({ ...log, reward: [1, bad as never, 2] })).toThrow(
      /^event 1, column reward: expected a finite number \(at most 3.4e38\) as the reward/,
    );
  }
  expect(() => interactionsOf({ ...log, reward: [1] })).toThrow(/user and reward have different lengths/);
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
  expect(() => interactionsOf({ user: ['a'], item: ['yyyy'] }, { ids: ['yyy', 'x'] })).toThrow(
    /event 0: unknown id\. Got "yyyy"\. The nearest known id is "yyy"/,
  );
  expect(() => interactionsOf({ user: ['a'], item: ['x'] }, { ids: ['x', 'x'] })).toThrow(/duplicate. Got "x"/);
});

it('refuses nothing, bad times and too many kinds', () => {
  expect(() => interactionsOf({ user: [], item: [] })).toThrow(/no events/);
  expect(() => interactionsOf({ user: ['a'], item: ['x'], time: [Number.NaN] })).toThrow(
    /event 0, column time: .*Got NaN/,
  );
  const many = Array.from({ length: 257 }, (_, i) => `k${i}`);
  expect(() => interactionsOf({ user: many, item: many, kind: many })).toThrow(/256 kinds/);
});

it('hashes the content', () => {
  const make = (item: string) => dataHash(interactionsOf({ user: ['a', 'a'], item: ['x', item] }));
  expect(make('y')).toBe(make('y'));
  expect(make('y')).not.toBe(make('z'));
});

describe('cells that are no ids', () => {
  it.each([[null], [undefined], [Number.NaN], [''], [' '], ['NaN'], ['null'], ['None'], ['N/A'], ['\\N'], ['\u200b']])(
    '%j is missing, as user, item and kind',
    (cell) => {
      for (const column of ['user', 'item', 'kind'] as const) {
        const events = { user: ['a', 'b'], item: ['x', 'y'], kind: ['click', 'click'], [column]: ['ok', cell] };
        const error = thrown(() => interactionsOf(events as EventColumns));
        expect(error).toMatchObject({
          code: 'E_CELL_MISSING',
          message: expect.stringContaining(`event 1, column ${column}: `),
        });
      }
    },
  );

  it.each([
    [{ a: 1 }],
    [['a', 'b']],
    [[7]],
    [2 ** 53],
    [-(2 ** 53)],
    [Infinity],
    [true],
    [new Date(0)],
    ['a\tb'],
    ['a\nb'],
  ])('%j is refused', (cell) => {
    const error = thrown(() => interactionsOf({ user: ['a', 'b'], item: ['x', cell as string] }));
    expect(error).toMatchObject({ code: 'E_CELL_BAD', message: expect.stringContaining('event 1, column item: ') });
  });

  it('numbers and bigints are read as their texts', () => {
    const data = interactionsOf({ user: Int32Array.of(7, 7), item: ['7', 7], kind: BigInt64Array.of(2n ** 60n, 1n) });
    expect([data.userIds, data.itemIds, data.kinds]).toEqual([['7'], ['7'], ['1', '1152921504606846976']]);
  });

  it('words for missing values can be others, or none', () => {
    expect(thrown(() => interactionsOf({ user: [1], item: [1] }, { missing: 'NA' as never })).code).toBe(
      'E_OPTION_VALUE',
    );
    const data = { user: ['NA', 'NULL'], item: ['x', 'x'] };
    expect(interactionsOf(data, { missing: [] }).userIds).toEqual(['NA', 'NULL']);
    expect(thrown(() => interactionsOf(data, { missing: ['null'] }))).toMatchObject({ value: 'NULL' });
  });
});

it('trims ids, kinds and given ids, or keeps them', () => {
  const events = { user: ['a', '\ufeffa ', 'a\u200b'], item: ['x', 'x\r', '\u00a0x'], kind: ['k', ' k', 'k\t'] };
  const { userIds, itemIds, kinds } = interactionsOf(events, { ids: [' x', 'y'] });
  expect([userIds, itemIds, kinds]).toEqual([['a'], ['x', 'y'], ['k']]);
  expect(interactionsOf(events, { trim: false }).itemIds).toHaveLength(3);
});

it.each([[null], [undefined], ['x'], [''], [true], [[5]], ['0x10'], ['1_0'], ['1e400'], ['2020-02-30']])(
  'refuses %j as a time',
  (time) => {
    const error = thrown(() =>
      interactionsOf({ user: ['a', 'b'], item: ['x', 'y'], time: [1, time as unknown as number] }),
    );
    expect(error).toMatchObject({ code: 'E_TIME_BAD', message: expect.stringContaining('event 1, column time: ') });
  },
);

it('takes times as decimal texts, bigints and dates, and says when they are rounded', () => {
  const data = interactionsOf({ user: [1, 1, 1], item: ['x', 'y', 'z'], time: [new Date(40), 3n, ' -2.5e1 '] });
  expect([...data.time]).toEqual([-25, 3, 40]);
  expect(data.info.notes).toEqual([]);
  const large = interactionsOf({ user: [1], item: [1], time: [2n ** 60n + 1n] });
  expect(large.info.notes).toEqual([expect.stringMatching(/above 2\^53.*1152921504606847000/)]);
});

it.each([
  ['item', { item: ['x'] }],
  ['time', { time: [1] }],
  ['time', { time: [1, 2, 3] }],
  ['kind', { kind: ['click'] }],
])('refuses a column %s of another length', (column, given) => {
  const error = thrown(() => interactionsOf({ user: ['a', 'b'], item: ['x', 'y'], ...given }));
  const length = Object.values(given)[0]!.length;
  expect(error).toMatchObject({ code: 'E_COLUMN_LENGTH', value: [2, length] });
  expect(error.message).toContain(`user and ${column}`);
});

it.each([[undefined], [null], ['ab'], [new Set(['a'])]])('refuses %j as a column', (user) => {
  const error = thrown(() => interactionsOf({ user: user as unknown as string[], item: ['x'] }));
  expect(error).toMatchObject({ code: 'E_COLUMN_MISSING' });
});

it('notes ids that look alike, lost characters, rounded numbers, quotes and brackets', () => {
  const notes = (user: string[]) => interactionsOf({ user, item: user.map(() => 'x') }).info.notes;
  expect(notes(['u1', 'u2', 'caf\u00e9'])).toEqual([]);
  expect(notes(['u1', 'u\u200b1'])).toEqual(['Two different user ids look alike: "u1" and "u\\u200b1".']);
  expect(notes(['cafe\u0301', 'caf\u00e9'])).toEqual([expect.stringContaining('"cafe\\u0301" and "caf\\u00e9"')]);
  expect(notes(['a b', 'a\u00a0b'])).toHaveLength(1);
  expect(notes(['caf\ufffd'])).toEqual(['The user id "caf\\ufffd" contains U+FFFD, which replaces a lost character.']);
  expect(notes(['7', '8.0', '7.0'])).toEqual([expect.stringContaining('look alike: "7" and "7.0"')]);
  expect(notes(['1.23457e+11', '5'])).toEqual([
    expect.stringContaining('"1.23457e+11" looks like a number that was rounded'),
  ]);
  expect(notes(['b', '[5, 3]'])).toEqual(['The user id "[5, 3]" includes its surrounding quotes or brackets.']);
});

function thrown(call: () => unknown): LeaError {
  try {
    call();
  } catch (error) {
    return error as LeaError;
  }
  throw new Error('nothing was thrown');
}

it('more distinct ids than can be indexed are refused', () => {
  checkDistinct(2 ** 24, () => 'x');
  expect(() => checkDistinct(2 ** 24 + 1, () => 'x.csv line 9, column user')).toThrow(
    'x.csv line 9, column user: there are more than 16,777,216 distinct values',
  );
});
