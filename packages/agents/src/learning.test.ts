import { integers, key, uniform } from '@lea/core';
import { describe, expect, test } from 'vitest';
import { createPolicy } from './policy.ts';
import { createAgent } from './registry.ts';
import { type Decision, fitTiny } from './testing.ts';

const shape = { items: 12, window: 4 };
const rows = 48;

/** Decisions of a chain that goes from item i to 5 i + 1 (mod 12) with the given chance, anywhere otherwise. */
function chain(seed: number, count: number, chance: number): Decision[] {
  const jumps = uniform(key(seed), count * 8);
  const anywhere = integers(key(seed + 1), count * 8, shape.items);
  return Array.from({ length: count }, (_, i) => {
    const items = [anywhere[i * 8]!];
    while (items.length < 5) {
      const at = i * 8 + items.length;
      items.push(jumps[at]! < chance ? (5 * items.at(-1)! + 1) % shape.items : anywhere[at]!);
    }
    const length = 1 + (i % shape.window);
    return { history: items.slice(0, length), action: items[length]!, reward: 1, done: length === shape.window };
  });
}

async function hitRate(type: string, encoder: string, chance: number, options: object, updates = 60): Promise<number> {
  const agent = createAgent({ type, ...options, encoder: { type: encoder, size: 16 } });
  const steps = Array.from({ length: updates }, (_, i) => chain(2 * i + 10, rows, chance));
  const params = await fitTiny(agent, shape, steps, { lr: 0.02 });
  const policy = createPolicy(agent, params, shape, { threads: 1 });
  const held = chain(7, 240, chance);
  const lists = await policy.recommend(
    held.map(({ history }) => [...history]),
    1,
  );
  await policy.dispose();
  return lists.filter(([best], i) => best!.item === held[i]!.action).length / held.length;
}

describe.each(['sasrec', 'gru4rec'])('%s', (encoder) => {
  test.each([
    ['ce', {}],
    ['sqn', {}],
    ['snqn', { negatives: 3 }],
    ['snqn', { negatives: 3, target: 'polyak' }],
    ['sa2c', { negatives: 3 }],
  ])('%s %o learns a chain that can be learned', async (type, options) => {
    expect(await hitRate(type, encoder, 0.9, options)).toBeGreaterThan(0.8);
  });

  test('guesses when there is nothing to learn', async () => {
    expect(await hitRate('snqn', encoder, 0, { negatives: 3 })).toBeLessThan(0.17);
  });
});

test.each(['caser', 'nextitnet', 'sasrec-modern'])('%s learns that chain, and guesses without it', async (encoder) => {
  expect(await hitRate('ce', encoder, 0.9, {})).toBeGreaterThan(0.8);
  expect(await hitRate('ce', encoder, 0, {})).toBeLessThan(0.17);
});

test('SNQN can rank by its Q head, which learns what logged actions are worth', async () => {
  const options = { negatives: 3, rankingHead: 'q', target: 'polyak', tau: 0.1 };
  expect(await hitRate('snqn', 'sasrec', 0.9, options, 200)).toBeGreaterThan(0.7);
});
