import { describe, expect, it } from 'vitest';
import { dataHash } from '../interactions.ts';
import { sequences } from '../sequences.ts';
import { createWorld } from './world.ts';

const small = { users: 300, items: 40, tastes: 6 };
const world = createWorld(small);
const { interactions, itemTexts } = world;
const all = sequences(interactions);

it('is the same for the same seed on every machine, and another for another', () => {
  expect(dataHash(createWorld(small).interactions)).toBe(dataHash(interactions));
  expect(dataHash(createWorld({ ...small, seed: 1 }).interactions)).not.toBe(dataHash(interactions));
  expect(dataHash(createWorld({ users: 3, items: 7, tastes: 2, meanLength: 3 }).interactions)).toMatchInlineSnapshot(
    `"4d151a85abe5ff4ba40a8941694931b564200ca7604c8159726f3fe43004e246"`,
  );
});

it('describes items in the words of their attributes', () => {
  expect(itemTexts.itemIds).toEqual(interactions.itemIds);
  itemTexts.texts.forEach((text, i) => {
    const { line, material, department, category, brand, color } = itemTexts.attributes as Record<string, string[]>;
    for (const words of [line, department, category, brand, color]) expect(text).toContain(words![i]);
    expect(text.toLowerCase()).toContain(material![i]!.toLowerCase());
  });
});

it('has the lengths, kinds and order it promises', () => {
  const lengths = all.userIds.map((_, u) => all.offsets[u + 1]! - all.offsets[u]!);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(3);
  expect(interactions.item.length / 300).toBeGreaterThan(9);
  expect(interactions.item.length / 300).toBeLessThan(13);
  expect(interactions.kinds).toEqual(['click', 'purchase']);
  expect(world.tasteOf.length).toBe(interactions.item.length);
});

describe('the truth', () => {
  it('is made of probabilities', () => {
    const { belief, choice, bought } = world.outlook([3, 5, 3]);
    for (const distribution of [belief, choice]) expect(sum(distribution)).toBeCloseTo(1, 12);
    expect(bought.every((p, i) => p > 0 && p < choice[i]!)).toBe(true);
    const reward = world.reward([3, 5, 3]);
    expect(reward.every((r, i) => Math.abs(r - (0.2 * (choice[i]! - bought[i]!) + bought[i]!)) < 1e-15)).toBe(true);
    const doubled = createWorld({ ...small, rewards: { click: 0.4, purchase: 2 } }).reward([3, 5, 3]);
    expect(doubled.every((r, i) => Math.abs(r - 2 * reward[i]!) < 1e-15)).toBe(true);
  });

  it('foretells what is chosen and purchased, item by item and in sum of rewards', () => {
    // Given the past, (seen - expected) has mean 0 and variance sum p (1 - p): the z values are standard normal.
    const expected = { choice: new Float64Array(40), bought: new Float64Array(40), reward: 0 };
    const variance = { choice: new Float64Array(40), bought: new Float64Array(40), reward: 0 };
    const seen = { choice: new Float64Array(40), bought: new Float64Array(40), reward: 0 };
    for (let u = 0; u < 300; u++) {
      for (let e = all.offsets[u]!; e < all.offsets[u + 1]!; e++) {
        const { choice, bought } = world.outlook(all.items.subarray(all.offsets[u]!, e));
        for (let i = 0; i < 40; i++) {
          expected.choice[i]! += choice[i]!;
          variance.choice[i]! += choice[i]! * (1 - choice[i]!);
          expected.bought[i]! += bought[i]!;
          variance.bought[i]! += bought[i]! * (1 - bought[i]!);
        }
        const purchase = sum(bought);
        expected.reward += 0.2 + 0.8 * purchase;
        variance.reward += 0.64 * purchase * (1 - purchase);
        seen.choice[all.items[e]!]!++;
        seen.bought[all.items[e]!]! += all.kind[e]!;
        seen.reward += all.kind[e] ? 1 : 0.2;
      }
    }
    const z = (was: number, mean: number, v: number) => (was - mean) / Math.sqrt(v);
    for (const name of ['choice', 'bought'] as const) {
      const values = seen[name].map((was, i) => z(was, expected[name][i]!, variance[name][i]!));
      expect(Math.max(...values.map(Math.abs))).toBeLessThan(4);
      expect(sum(values.map((value) => value ** 2)) / 40).toBeLessThan(1.8);
    }
    expect(Math.abs(z(seen.reward, expected.reward, variance.reward))).toBeLessThan(4);
  });

  it('knows the user better the more it has seen', () => {
    let first = 0;
    let tenth = 0;
    let users = 0;
    for (let u = 0; u < 300; u++) {
      const [from, to] = [all.offsets[u]!, all.offsets[u + 1]!];
      if (to - from < 10) continue;
      users++;
      first += world.outlook([]).belief[world.tasteOf[from]!]!;
      tenth += world.outlook(all.items.subarray(from, from + 9)).belief[world.tasteOf[from + 8]!]!;
    }
    expect(first / users).toBeCloseTo(1 / 6, 12);
    expect(tenth / users).toBeGreaterThan(0.5);
  });

  it('makes purchases of items that fit', () => {
    const { choice, bought } = world.outlook([]);
    const share = sum(bought);
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.45);
    expect(sum(choice)).toBeCloseTo(1, 12);
  });
});

it('refuses sizes and histories that are none', () => {
  expect(() => createWorld({ users: 0 })).toThrow(/users must be a whole number of at least 1. Got 0/);
  expect(() => createWorld({ meanLength: 2 })).toThrow(/a number from 3 to 60/);
  expect(() => createWorld({ user: 5 } as object)).toThrow(/Did you mean "users"/);
  expect(() => world.reward([40])).toThrow(/0..39. Got 40/);
});

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
