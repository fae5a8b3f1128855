import { defaultsOf, key } from '@lea/core';
import { topK } from '@lea/data';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { logOf, someMemory } from './fixtures/memory/logs.ts';
import { countingMemory } from './memory/counting-memory.ts';
import { checkedFusion } from './memory/fusion.ts';
import { memorySchema } from './memory/options.ts';
import { createPolicy } from './policy.ts';
import { agentTypes, createAgent, createEncoder, encoderTypes } from './registry.ts';

const encoder = { type: 'gru4rec', width: 4 } as const;
const shape = { items: 6, window: 3 };
const log = logOf(
  [
    [0, 1, 2],
    [2, 1],
  ],
  6,
);

/** What no numeric option takes. */
const noNumber = fc.constantFrom(Number.NaN, Infinity, -Infinity, '1', null, true, 1n, {});
const refused = expect.objectContaining({ name: 'LeaError', code: expect.toBeOneOf(['E_OPTION_VALUE', 'E_FEED']) });

/** The options of a type that are numbers, or lists of them. */
function numeric(config: object): string[] {
  return Object.entries(config).flatMap(([name, value]) =>
    typeof value === 'number' || (Array.isArray(value) && typeof value[0] === 'number') ? [name] : [],
  );
}

const options = [
  ...encoderTypes().flatMap((type) =>
    numeric(createEncoder({ type }).config).map((option) => ({
      type,
      option,
      make: (o: object) => createEncoder(o as never),
    })),
  ),
  ...agentTypes().flatMap((type) =>
    numeric(createAgent({ type, encoder }).config).map((option) => ({
      type,
      option,
      make: (o: object) => createAgent({ ...o, encoder } as never),
    })),
  ),
];

it('every numeric option of every agent and encoder refuses what is no number, alone and in a list', () => {
  expect(options.length).toBeGreaterThan(80);
  fc.assert(
    fc.property(fc.constantFrom(...options), noNumber, ({ type, option, make }, bad) => {
      const { null: none, [option]: given } = { null: null, ...make({ type }).config } as never as Record<
        string,
        unknown
      >;
      for (const value of [bad, [bad], [1, bad]]) {
        // weightClip, a pair or null, says so
        if (value === none && Array.isArray(given)) continue;
        expect(() => make({ type, [option]: value }), `${type} ${option}`).toThrow(refused);
      }
    }),
    { numRuns: 1500 },
  );
});

it('memories, policies, fusions and lists refuse what is no number', async () => {
  const memory = someMemory(log, { window: 3, horizon: 3 });
  const agent = createAgent({ type: 'ce', encoder });
  const names = numeric(defaultsOf(memorySchema));
  expect(names).toHaveLength(9);
  await fc.assert(
    fc.asyncProperty(noNumber, fc.constantFrom(...names), async (bad, name) => {
      const no = bad as number;
      if (no !== Infinity || !name.toLowerCase().includes('neighbors')) {
        await expect(countingMemory(log, { [name]: no }), name).rejects.toEqual(refused);
      }
      for (const option of ['weight', 'temperature', 'repeat']) {
        expect(() => checkedFusion({ [option]: no }, memory.config), option).toThrow(refused);
      }
      expect(() => topK([1, 2], no)).toThrow(refused);
      for (const option of ['batch', 'threads']) {
        expect(() => createPolicy(agent, {}, shape, { [option]: no })).toThrow();
      }
    }),
  );
});

it('recommend: what is no whole number is no unknown item but an error, whatever unknown says', async () => {
  const agent = createAgent({ type: 'ce', encoder });
  const policy = createPolicy(agent, agent.init(key(1), shape), shape, { backend: 'cpu' });
  const sound = await policy.recommendIndices([[1, 2]], 2);
  expect(await policy.recommendIndices([Float64Array.of(1, 2)], 2)).toEqual(sound);
  expect(await policy.recommendIndices([[1, 99, 2, -1]], 2)).toEqual(sound);
  expect(policy.ignored).toBe(2);
  for (const history of [
    ['1', '2'],
    [1n],
    BigInt64Array.of(1n, 2n),
    [1, 2.5],
    [Number.NaN],
    [true],
    [null],
    new Array(2),
    [[1]],
  ]) {
    for (const unknown of ['ignore', 'throw'] as const) {
      await expect(policy.recommendIndices([[1], history as never], 2, { unknown })).rejects.toMatchObject({
        code: 'E_ITEM_RANGE',
        message: expect.stringMatching(/^Items of history 1 /),
      });
    }
    await expect(policy.recommendIndices([[1]], 2, { exclude: history as never })).rejects.toMatchObject({
      code: 'E_ITEM_RANGE',
    });
  }
  expect(policy.ignored).toBe(2);
});

it('observe: histories and items are whole numbers', () => {
  const memory = someMemory(log, { window: 3, horizon: 3 });
  const before = memory.state;
  for (const history of [['1'], BigInt64Array.of(1n), [0.5]]) {
    expect(() => memory.observe([{ history: history as never, item: 1 }])).toThrow(
      expect.objectContaining({ code: 'E_ITEM_RANGE' }),
    );
  }
  for (const history of ['12', new Set([1]), undefined]) {
    expect(() => memory.observe([{ history: history as never, item: 1 }])).toThrow(
      /history of event 0 must be an array/,
    );
  }
  for (const item of ['1', 1n, true]) {
    expect(() => memory.observe([{ history: [1], item: item as never }])).toThrow(/items of event 0 must be/);
  }
  expect(() => memory.observe({ history: [1], item: 1 } as never)).toThrow(/must be an array/);
  expect(memory.state).toBe(before);
});
