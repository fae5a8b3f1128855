import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyLog, logOf } from '../fixtures/log.ts';
import type { Interactions } from '../interactions.ts';
import { interactionsOf } from '../interactions-of.ts';
import type { Transitions } from '../sequences.ts';
import { leaveOneOut, splitByTime, splitByTimeQuantiles } from './by-order.ts';
import { type SplitByUserOptions, splitByUser, splitByUserLists } from './by-user.ts';
import { type Split, setNames, splitBy } from './split.ts';

const empty = expect.objectContaining({ code: 'E_SPLIT_EMPTY' });
const data = logOf('a: 0 1 2* 3', 'b: 3 0', 'c: 1 2 3');

describe('by user', () => {
  it('puts listed users aside and trains on the rest', () => {
    const split = splitByUserLists(data, { validation: ['c'], test: ['a'] });
    expect(setNames.map((name) => usersOf(split[name]))).toEqual([['b'], ['c'], ['a']]);
    expect(split.info).toEqual({
      kind: 'user-lists',
      users: { train: 1, validation: 1, test: 1 },
      events: { train: 2, validation: 3, test: 4 },
    });
  });

  it('refuses unknown users, users of two sets and an empty train set', () => {
    expect(() => splitByUserLists(data, { validation: ['aa'], test: [] })).toThrow(
      /validation users: unknown id.*"aa"/,
    );
    expect(() => splitByUserLists(data, { validation: [1] as never, test: [] })).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT_TYPE' }),
    );
    expect(() => splitByUserLists(data, { validation: ['a'], test: ['a'] })).toThrow(/both validation and test/);
    expect(() => splitByUserLists(data, { validation: ['a', 'b'], test: ['c'] })).toThrow(/no events to train on/);
  });

  it('depends on the seed only, and refuses shares that are none', () => {
    expect(splitByUser(data, { seed: 3 })).toEqual(splitByUser(data, { seed: 3 }));
    expect(() => splitByUser(data, { fractions: [0.8, 0.1, 0.2] })).toThrow(/add up to 1/);
    expect(() => splitByUser(data, { sead: 1 } as object)).toThrow(/Did you mean "seed"/);
  });

  it('keeps users whole and apart, order and shares, with one end per sequence', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), (log, seed) => {
        fc.pre(log.userIds.length >= 4);
        const split = splitByUser(log, { seed, fractions: [0.5, 0.25, 0.25] });
        const users = setNames.map((name) => usersOf(split[name]));
        expect(users.flat().sort()).toEqual([...log.userIds].sort());
        expect(users[1]!.length).toBe(Math.round(log.userIds.length / 4));
        for (const name of setNames) {
          const set = split[name];
          expect([...set.event]).toEqual([...set.event].sort((a, b) => a - b));
          expect(set.done.reduce((sum, done) => sum + done, 0)).toBe(usersOf(set).length);
        }
        expect(eventsOf(split)).toEqual(log.item.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('by user, stable', () => {
  /** A user's set in the split of a log, by raw ids. */
  const setsOf = (log: Interactions, options: Partial<SplitByUserOptions>) => {
    const split = splitByUser(log, { ...options, stable: true });
    return new Map(setNames.flatMap((name) => usersOf(split[name]).map((user) => [user, name] as const)));
  };
  const logOfUsers = (users: readonly string[]) =>
    interactionsOf({ user: [...users], item: users.map((_, event) => String(event % 5)) });
  const visitors = (count: number) => Array.from({ length: count }, (_, user) => `v${user}`);

  it('moves no user when users and events come and go, which the default does', () => {
    // No set of some 55 users is empty with these, for one seed in four million.
    const fractions = [0.5, 0.25, 0.25] as const;
    fc.assert(
      fc.property(fc.nat(), fc.uniqueArray(fc.string(), { maxLength: 30 }), fc.array(fc.nat(59)), (seed, ids, more) => {
        const before = setsOf(logOfUsers(visitors(60)), { seed, fractions });
        const newcomers = ids.map((id) => `new ${id.trim()}`);
        const grown = [
          ...newcomers,
          ...visitors(60).slice(5),
          ...more.filter((user) => user >= 5).map((user) => `v${user}`),
        ];
        const after = setsOf(logOfUsers(grown), { seed, fractions });
        for (const user of visitors(60).slice(5)) expect(after.get(user)).toBe(before.get(user));
      }),
      { numRuns: 50 },
    );
    const yesterday = splitByUser(logOfUsers(visitors(60)));
    const tonight = splitByUser(logOfUsers([...visitors(60), 'new']));
    const trained = new Set(usersOf(yesterday.train));
    expect(usersOf(tonight.test).filter((user) => trained.has(user))).not.toEqual([]);
  });

  it('meets the shares on average, for every seed on its own', () => {
    // 20,000 draws: three standard deviations of the share .1 are .0064, those of .25 are .0092.
    const users = logOfUsers(visitors(20_000));
    for (const seed of [0, 1]) {
      const { info } = splitByUser(users, { seed, stable: true });
      const { validation, test } = info.users as Record<string, number>;
      expect(Math.abs(validation! / 20_000 - 0.1)).toBeLessThan(0.0064);
      expect(Math.abs(test! / 20_000 - 0.1)).toBeLessThan(0.0064);
    }
    const { info } = splitByUser(users, { fractions: [0.5, 0.25, 0.25], stable: true });
    expect(Math.abs((info.users as Record<string, number>).test! / 20_000 - 0.25)).toBeLessThan(0.0092);
    // Two seeds agree on .8 * .8 + 2 * .1 * .1 = .66 of the users if they are independent.
    const [a, b] = [setsOf(users, { seed: 0 }), setsOf(users, { seed: 1 })];
    const agreed = [...a].filter(([user, set]) => b.get(user) === set).length / 20_000;
    expect(Math.abs(agreed - 0.66)).toBeLessThan(0.0101);
  });

  it('stays as it is: nights apart use different versions', () => {
    const sets = setsOf(logOfUsers(visitors(40)), { seed: 3 });
    const of = (name: string) => [...sets].filter(([, set]) => set === name).map(([user]) => user);
    expect([of('validation'), of('test')]).toEqual([['v1', 'v21', 'v25', 'v29', 'v30', 'v33', 'v8'], ['v31']]);
    expect(splitByUser(logOfUsers(visitors(40)), { seed: 3, stable: true }).info).toMatchObject({ stable: true });
    expect(splitByUser(data).info).not.toHaveProperty('stable');
    expect(() => splitByUser(data, { stable: 'yes' as never })).toThrow(/invalid value for stable/);
  });
});

describe('leave one out', () => {
  it('tests on last events and leaves short users to train', () => {
    const split = leaveOneOut(data);
    expect([...split.train.event]).toEqual([0, 1, 4, 5, 6]);
    expect([...split.train.done]).toEqual([0, 1, 0, 1, 1]);
    expect([...split.validation.event]).toEqual([2, 7]);
    expect([...split.test.event]).toEqual([3, 8]);
    expect([...split.test.done]).toEqual([1, 1]);
    expect(split.info).toMatchObject({ kind: 'leave-one-out', short: 1 });
  });

  it('refuses a log whose users are all too short', () => {
    expect(() => leaveOneOut(logOf('a: 0 1', 'b: 2'))).toThrow(
      'The split leaves no events for validation and test: no user has 3 events, the most is 2. Check the column of the user',
    );
  });
});

describe('by time', () => {
  it('cuts at absolute times', () => {
    // Times are the order of arrival: 0..8.
    const split = splitByTime(data, { validationFrom: 5, testFrom: 7 });
    expect([...split.train.event]).toEqual([0, 1, 2, 3, 4]);
    expect([...split.validation.event]).toEqual([5, 6]);
    expect([...split.test.event]).toEqual([7, 8]);
    expect(() => splitByTime(data, { validationFrom: 5, testFrom: 2 })).toThrow(/must not begin after/);
    expect(() => splitByTime(data, { validationFrom: -0.8, testFrom: 0.9 })).toThrow(
      /none is before validationFrom\. Got -0\.8\. The times are from 0 to 8\. splitByTimeQuantiles takes shares/,
    );
    for (const no of [Number.NaN, Infinity, '', 'May 2024', '2024-02-30', undefined, null]) {
      expect(() => splitByTime(data, { validationFrom: 1, testFrom: no as never })).toThrow(
        /testFrom must be a finite number or an ISO date/,
      );
    }
  });

  it('leaves no set that was asked for without events', () => {
    // Milliseconds for a log in other units.
    expect(() => splitByTime(data, { validationFrom: 5000, testFrom: 7000 })).toThrow(
      'The split leaves no events for validation and test: none is at or after validationFrom. Got 5000. ' +
        'The times are from 0 to 8. Give times in the unit of the data.',
    );
    expect(() => splitByTime(data, { validationFrom: 5, testFrom: 9 })).toThrow(
      'no events for test: none is at or after testFrom. Got 9.',
    );
    const apart = interactionsOf({ user: ['u', 'u'], item: ['i', 'j'], time: [0, 10] });
    expect(() => splitByTime(apart, { validationFrom: 2, testFrom: 8 })).toThrow(
      /no events for validation: none is from/,
    );
    expect(splitByTime(apart, { validationFrom: 8, testFrom: 8 }).validation.count).toBe(0);
  });

  it('cuts a log of dates at dates', () => {
    const days = ['2024-05-01', '2024-05-02', '2024-05-03 12:00:00', '2024-05-04'];
    const dated = interactionsOf({ user: Array(4).fill('u'), item: Array(4).fill('i'), time: days });
    const split = splitByTime(dated, { validationFrom: '2024-05-02T00:00:00Z', testFrom: new Date('2024-05-03') });
    expect(setNames.map((name) => [...split[name].event])).toEqual([[0], [1], [2, 3]]);
    const seconds = interactionsOf({ user: ['u', 'u'], item: ['i', 'i'], time: [1714500000, 1714600000] });
    expect(() => splitByTime(seconds, { validationFrom: '2024-05-01', testFrom: '2024-05-02' })).toThrow(
      /none is at or after validationFrom.*from 1714500000 to 1714600000, and dates stand for milliseconds/,
    );
    expect(split.info).toMatchObject({ validationFrom: Date.UTC(2024, 4, 2), testFrom: Date.UTC(2024, 4, 3) });
  });

  it('cuts at quantiles of the times', () => {
    // Nine times, 0..8: floor(.5 * 9) = 4 and floor(.8 * 9) = 7.
    const split = splitByTimeQuantiles(data, { validationFrom: 0.5, testFrom: 0.8 });
    expect(split.info).toMatchObject({ kind: 'time', validationFrom: 4, testFrom: 7, quantiles: [0.5, 0.8] });
    expect(setNames.map((name) => split[name].count)).toEqual([4, 3, 2]);
    expect(splitByTimeQuantiles(data).info).toMatchObject({ validationFrom: 7, testFrom: 8 });
    expect(() => splitByTimeQuantiles(data, { validationFrom: 0.5, testFrom: 1 })).toThrow(/testFrom must be/);
    // 0.57 * 100 is 56.99999999999999.
    const hundred = interactionsOf({ user: Array(100).fill('u'), item: Array(100).fill('i') });
    for (const [share, count] of [
      [0.57, 57],
      [0.29, 29],
      [0.285, 28],
    ] as const) {
      expect(splitByTimeQuantiles(hundred, { validationFrom: share, testFrom: 0.9 }).train.count).toBe(count);
    }
    expect(() => splitByTimeQuantiles(data, { validationFrom: 0.9, testFrom: 0.5 })).toThrow(
      'Validation must not begin after test. Got {"validationFrom":0.9,"testFrom":0.5}. ' +
        'Give validationFrom <= testFrom, as shares of the events.',
    );
  });

  it('refuses quantiles that fall into one time', () => {
    const log = (time: number[]) => interactionsOf({ user: time.map(() => 'u'), item: time.map(() => 'i'), time });
    expect(() => splitByTimeQuantiles(log([5, 5, 5, 5]))).toThrow(
      'no events to train on: too many have the time 5. Got {"validationFrom":0.8,"testFrom":0.9}. ' +
        'Events of one time are in one set. Give other shares, or split by users.',
    );
    const days = log([1, 2, 3, 4, 9, 9, 9, 9, 9, 9]);
    expect(() => splitByTimeQuantiles(days)).toThrow(/for validation: too many have the time 9/);
    expect(splitByTimeQuantiles(days, { validationFrom: 0.8, testFrom: 0.8 }).train.count).toBe(4);
  });

  it('never trains on what is later than a test event', () => {
    fc.assert(
      fc.property(anyLog, fc.integer({ min: 3, max: 12 }), fc.integer({ min: 12, max: 20 }), (log, from, to) => {
        const filled = [
          log.time.some((time) => time < from),
          from === to || log.time.some((time) => time >= from && time < to),
          log.time.some((time) => time >= to),
        ];
        if (filled.includes(false)) {
          expect(() => splitByTime(log, { validationFrom: from, testFrom: to })).toThrow(empty);
          return;
        }
        const split = splitByTime(log, { validationFrom: from, testFrom: to });
        const times = setNames.map((name) => [...split[name].event].map((e) => log.time[e]!));
        expect(Math.max(...times[0]!)).toBeLessThan(Math.min(...times[1]!, ...times[2]!));
        expect(eventsOf(split)).toEqual(log.item.length);
      }),
      { numRuns: 50 },
    );
  });
});

function usersOf(set: Transitions): string[] {
  return [...new Set([...set.sequence].map((s) => set.sequences.userIds[s]!))];
}

function eventsOf(split: Split): number {
  return setNames.reduce((sum, name) => sum + split[name].count, 0);
}

it('a custom split refuses sets that do not exist', () => {
  expect(() => splitBy(data, (event) => (event === 0 ? 'train' : ('tset' as never)), { kind: 'own' })).toThrow(
    'setOf must return the set of an event. Got "tset". Return "train", "validation" or "test", or undefined',
  );
});

it('a stable split of few users that gives a set none is refused', () => {
  // With seed 0 no user of the three is drawn for test.
  expect(() => splitByUser(data, { seed: 0, stable: true })).toThrow(empty);
  expect(() => splitByUser(data, { seed: 0, stable: true })).toThrow(
    /its share of 3 users is none\. Got \[0\.8,0\.1,0\.1\]/,
  );
});

it('a custom split is asked once for each event, and may leave some out', () => {
  const asked: number[] = [];
  const sets = ['train', undefined, 'test', 'train', 'validation', 'test'] as const;
  const split = splitBy(
    logOf('a: 0 1 2', 'b: 3 0 1'),
    (event) => {
      asked.push(event);
      return sets[event];
    },
    { kind: 'own' },
  );
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
  expect(setNames.map((name) => [...split[name].event])).toEqual([[0, 3], [4], [2, 5]]);
  expect(setNames.map((name) => [...split[name].done])).toEqual([[1, 1], [1], [1, 1]]);
});
