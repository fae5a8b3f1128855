import { expect, it } from 'vitest';
import { interactionsOf } from './interactions-of.ts';
import { checkedRewards, type Rewards, rewardReader } from './rewards.ts';
import { sequences } from './sequences.ts';

it('gives rewards in the order of the kinds', () => {
  expect(checkedRewards('f', { kinds: ['click', 'purchase'] }, { purchase: 1, click: 0.2, cart: 0.5 })).toEqual([
    0.2, 1,
  ]);
});

it('refuses a kind without reward and numbers that are none', () => {
  expect(() => checkedRewards('f', { kinds: ['clik'] }, { click: 0.2 })).toThrow(
    /kind "clik".*Rename "click" to "clik"/,
  );
  expect(() => checkedRewards('f', { kinds: ['toString'] }, { click: 0.2 })).toThrow(/have no reward/);
  for (const bad of [Number.NaN, -Infinity, Infinity]) {
    expect(() => checkedRewards('f', { kinds: ['click'] }, { click: bad })).toThrow(/must be a finite number/);
  }
});

// Sorted by user and time: b at 1, a at 2, then those of v.
const events = { user: ['u', 'u', 'v'], item: ['a', 'b', 'a'], time: [2, 1, 5], kind: ['buy', 'click', 'click'] };
const byKind = sequences(interactionsOf(events));
const logged = sequences(interactionsOf({ ...events, reward: [10, '2.5', -1] }));

it('reads rewards by kind, by name or in order, and those of the log', () => {
  const of = (log: typeof byKind, rewards: Rewards) => [0, 1, 2].map(rewardReader('f', log, rewards));
  expect(of(byKind, { click: 0.25, buy: 1 })).toEqual([0.25, 1, 0.25]);
  expect(of(byKind, [1, 0.25])).toEqual([0.25, 1, 0.25]);
  expect(of(byKind, Float32Array.of(1, 0.25))).toEqual([0.25, 1, 0.25]);
  expect(of(logged, 'logged')).toEqual([2.5, 10, -1]);
  expect(of(logged, [1, 0.25])).toEqual([0.25, 1, 0.25]);
});

it.each<[unknown, string, RegExp]>([
  ['logged', 'E_REWARD_MISSING', /^f: the log has no rewards of its own.*columns: \{ reward/],
  [undefined, 'E_REWARD_BAD', /^f: rewards must be "logged", or a number per kind.*\{ "buy": 1, "click": 1 \}/],
  ['log', 'E_REWARD_BAD', /rewards must be "logged"/],
  [3, 'E_REWARD_BAD', /rewards must be "logged"/],
  [[1], 'E_REWARD_COUNT', /^f: expected 2 rewards, one per kind \(buy, click\)/],
  [[1, Number.NaN], 'E_REWARD_BAD', /reward of kind "click"/],
  [[1, '2'], 'E_REWARD_BAD', /reward of kind "click"/],
  [{ buy: 1 }, 'E_REWARD_MISSING', /kind "click" have no reward/],
])('refuses %j as rewards', (rewards, code, message) => {
  expect(() => checkedRewards('f', byKind, rewards as never)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});

it('refuses rewards that do not fit the events, or beyond float32, when sequences are made', () => {
  const log = interactionsOf(events);
  for (const reward of [Float64Array.of(1, 2), Float64Array.of(1, Number.NaN, 2), Float64Array.of(1, 1e39, 2), 'abc']) {
    expect(() => sequences({ ...log, reward: reward as never })).toThrow(
      expect.objectContaining({ code: 'E_REWARD_BAD', message: expect.stringContaining('each of the 3 events') }),
    );
  }
  for (const rewards of [{ click: 1e39, buy: 1 }, [1e39, 1]]) {
    expect(() => checkedRewards('f', byKind, rewards)).toThrow(/must be a finite number/);
  }
  expect(() => interactionsOf({ ...events, reward: [1, 1e39, 2] })).toThrow(/column reward: expected a finite number/);
});
