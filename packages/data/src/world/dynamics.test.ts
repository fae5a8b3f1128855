import { defaultsOf, fold, key } from '@lea/core';
import { describe, expect, it } from 'vitest';
import { sequences } from '../sequences.ts';
import { choiceModel } from './choice.ts';
import { browsing, dynamicsOf, dynamicsSchema, prospects } from './dynamics.ts';
import { drawItems } from './items.ts';
import { offeredOutlook } from './offered-outlook.ts';
import { worldPlanner } from './planner.ts';
import { drawTastes } from './tastes.ts';
import { createWorld } from './world.ts';

const small = { users: 150, items: 40, tastes: 4, meanLength: 30 };
const world = createWorld({ ...small, dynamics: {} });
const users = world.users!;

it('is off by default', () => {
  expect(createWorld({ users: 3, items: 7 }).users).toBeUndefined();
  expect(world.options.dynamics).toEqual({
    interest: 0,
    satiation: 0.3,
    boredom: 0.15,
    impatience: 0.05,
    cold: 0.1,
    lead: 0.5,
  });
});

it('satiates, prepares purchases and bores as the formulas say', () => {
  // Sleeping bags and mats go with tents, and nothing of another department does.
  const { itemTexts, users } = createWorld({ users: 1, items: 160, tastes: 3, dynamics: {} });
  const { attributes } = itemTexts as { attributes: Record<string, string[]> };
  const tent = attributes.category!.indexOf('Tents');
  const other = attributes.department!.findIndex((department) => department !== 'Outdoor');
  const outdoor = attributes.department!.map((department) => department === 'Outdoor');
  const bags = attributes.category!.map((category) => ['Sleeping Bags', 'Sleeping Mats'].includes(category));
  expect([tent, other, bags.indexOf(true)]).not.toContain(-1);
  const fresh = users!.prospects(2, []);
  const after = users!.prospects(2, [tent, other]);
  const odds = ({ accept }: { accept: Float64Array }, i: number) => accept[i]! / (1 - accept[i]!);
  for (let i = 0; i < 160; i++) {
    expect(fresh.leave[i]).toBe(0);
    // The tent is two steps back.
    if (outdoor[i]) expect(after.leave[i]).toBeCloseTo(1 - Math.exp(-0.15 * 0.5), 12);
    if (outdoor[i] && i !== tent) expect(odds(after, i)).toBeCloseTo(odds(fresh, i) * Math.exp(-0.3 * 0.5), 10);
    if (bags[i]) expect(after.purchase[i]! / fresh.purchase[i]!).toBeCloseTo(0.55 / 0.1, 10);
    else if (outdoor[i]) expect(after.purchase[i]).toBe(fresh.purchase[i]);
  }
  expect(odds(after, tent)).toBeCloseTo(odds(fresh, tent) * Math.exp(-0.3 * 0.5) * 0.03, 10);
  expect(after.leave[other]).toBeCloseTo(1 - Math.exp(-0.15), 12);
});

it('accepts what is liked', () => {
  // With cold: 1 the purchase probability is sigmoid(2 (z - 1)), which tells z.
  const warm = createWorld({ users: 1, items: 30, tastes: 3, dynamics: { cold: 1, interest: 0.7 } }).users!;
  const { accept, purchase } = warm.prospects(1, []);
  accept.forEach((a, i) => {
    const z = 1 + Math.log(purchase[i]! / (1 - purchase[i]!)) / 2;
    expect(Math.log(a / (1 - a))).toBeCloseTo(0.7 + z, 6);
  });
});

it('filters the taste by what users looked at, in vain or not, until they accepted', () => {
  const root = fold(key(0), 'world');
  const [items, tastes] = [drawItems(root, 20, 0.9), drawTastes(root, 2)];
  const options = { ...defaultsOf(dynamicsSchema), impatience: 0.4, interest: -2 };
  const dynamics = dynamicsOf(choiceModel(items, tastes, 0), tastes, options);
  const likely = [0, 1].map((taste) => {
    const looks = browsing(dynamics, taste, []);
    const total = looks.reduce((sum, x) => sum + x, 0);
    const { accept } = prospects(dynamics, taste, []);
    const ignored = looks.reduce((sum, x, i) => sum + (x / total) * (1 - accept[i]!), 0);
    // Summed over the number of offers before it that were not accepted.
    let sum = 0;
    for (let n = 0; n < 200; n++) sum += (ignored * 0.6) ** n * (looks[3]! / total) * accept[3]!;
    return sum;
  });
  const { belief } = offeredOutlook(dynamics, [3]);
  expect(belief[0]).toBeCloseTo(likely[0]! / (likely[0]! + likely[1]!), 12);
});

describe('visits', () => {
  it('are the same for the same users, however many are visited together', () => {
    const three = users.visit(5, 3);
    const one = users.visit(6, 1);
    for (const item of [4, 4, 9, 12, 30]) {
      const together = three.offer([0, 1, 2], [item, item, item]);
      const alone = one.offer([0], [item]);
      expect([alone.reward[0], alone.accepted[0], alone.left[0]]).toEqual([
        together.reward[1],
        together.accepted[1],
        together.left[1],
      ]);
    }
    expect(one.histories[0]).toEqual(three.histories[1]);
    expect(new Set(Array.from({ length: 50 }, (_, u) => users.visit(u, 1).tastes[0])).size).toBe(4);
  });

  it('accept and end as often as the dynamics say, and pay the expected reward', () => {
    const size = 1000;
    const visits = users.visit(0, size);
    const rows = Array.from({ length: size }, (_, row) => row);
    visits.offer(rows, new Int32Array(size).fill(3));
    const [past, tastes] = [visits.histories.map((history) => [...history]), Int32Array.from(visits.tastes)];
    const { accepted, left, reward } = visits.offer(rows, new Int32Array(size).fill(8));
    let [acceptance, leaving, variance] = [0, 0, 0];
    for (const row of rows) {
      const { accept, purchase, leave } = users.prospects(tastes[row]!, past[row]!);
      const [a, p] = [accept[8]!, purchase[8]!];
      expect(reward[row]).toBeCloseTo(a * (0.2 + 0.8 * p), 12);
      acceptance += a;
      variance += a * (1 - a);
      leaving += a * leave[8]! + (1 - a) * 0.05;
    }
    const count = (flags: readonly boolean[]) => flags.filter(Boolean).length;
    expect(Math.abs(count(accepted) - acceptance) / Math.sqrt(variance)).toBeLessThan(3.5);
    expect(Math.abs(count(left) - leaving) / Math.sqrt(leaving)).toBeLessThan(3.5);
  });
});

it('foretells the next events of its log exactly', () => {
  // Given the past, (seen - expected) has mean 0 and variance sum p (1 - p).
  const all = sequences(world.interactions);
  const [expected, variance, seen] = [0, 1, 2].map(() => new Float64Array(40)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let [bought, purchases, spread] = [0, 0, 0];
  for (let u = 0; u < all.userIds.length; u++) {
    for (let e = all.offsets[u]!; e < Math.min(all.offsets[u + 1]!, all.offsets[u]! + 5); e++) {
      const outlook = world.outlook(all.items.subarray(all.offsets[u]!, e));
      const probability = outlook.bought.reduce((sum, x) => sum + x, 0);
      outlook.choice.forEach((p, i) => {
        expected[i]! += p;
        variance[i]! += p * (1 - p);
      });
      seen[all.items[e]!]!++;
      purchases += all.kind[e]!;
      bought += probability;
      spread += probability * (1 - probability);
    }
  }
  const z = seen.map((was, i) => (was - expected[i]!) / Math.sqrt(variance[i]!));
  expect(Math.max(...z.map(Math.abs))).toBeLessThan(4);
  expect(z.reduce((sum, value) => sum + value ** 2, 0) / 40).toBeLessThan(1.8);
  expect(Math.abs(purchases - bought) / Math.sqrt(spread)).toBeLessThan(4);
});

it('plans with the reward, and with the value of users who stay', () => {
  const visits = users.visit(0, 1);
  const taste = visits.tastes[0]!;
  const { accept, purchase, leave } = users.prospects(taste, []);
  const reward = accept.map((a, i) => a * (0.2 + 0.8 * purchase[i]!));
  const at = (options: object, leaving = true) =>
    worldPlanner(users, options).plan(visits, [0], leaving) as Float64Array;
  at({ rest: 0 }).forEach((value, i) => {
    expect(value).toBeCloseTo(reward[i]!, 12);
  });
  at({ rest: 3, gamma: 0.5 }).forEach((value, i) => {
    const a = accept[i]!;
    expect(value).toBeCloseTo(reward[i]! + 1.5 * (a * (1 - leave[i]!) + (1 - a) * 0.95), 12);
  });
  at({ rest: 3 }, false).forEach((value, i) => {
    expect(value).toBeCloseTo(reward[i]! + 3, 12);
  });
});

it('refuses options that make no dynamics', () => {
  expect(() => createWorld({ dynamics: { lead: 2 } })).toThrow(/lead must be a number from 0 to 1/);
  expect(() => createWorld({ dynamics: { patience: 2 } as object })).toThrow(/createWorld.dynamics/);
  expect(() => createWorld({ dynamics: { impatience: 0 } })).toThrow(/0.001/);
});
