import { expect, it } from 'vitest';
import { rewardsOf } from './rewards.ts';

it('gives rewards in the order of the kinds', () => {
  expect(rewardsOf(['click', 'purchase'], { purchase: 1, click: 0.2, cart: 0.5 })).toEqual([0.2, 1]);
});

it('refuses a kind without reward and numbers that are none', () => {
  expect(() => rewardsOf(['clik'], { click: 0.2 })).toThrow(/kind "clik".*Rename "click" to "clik"/);
  expect(() => rewardsOf(['toString'], { click: 0.2 })).toThrow(/have no reward/);
  for (const bad of [Number.NaN, -Infinity, Infinity]) {
    expect(() => rewardsOf(['click'], { click: bad })).toThrow(/must be a finite number/);
  }
});
