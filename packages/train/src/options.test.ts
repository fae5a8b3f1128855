import { ce, countingMemory, createPolicy, sasrec } from '@lea/agents';
import { key } from '@lea/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chain } from './fixtures/chain.ts';
import { fuse } from './fuse.ts';
import { planOf } from './plan.ts';
import { memoryTeacher } from './signals/memory-teacher.ts';
import { mixSignals } from './signals/mix-signals.ts';
import { leaSignals } from './signals/signals.ts';

const data = chain(12, 1);
const validation = chain(6, 2);
const items = data.sequences.itemIds.length;
const agent = ce({ encoder: sasrec({ width: 8 }) });
let memory: Awaited<ReturnType<typeof countingMemory>>;
beforeAll(async () => {
  memory = await countingMemory(data, { window: 3, gateSteps: 1 });
});
afterAll(() => memory.dispose());

/** What no numeric option takes. */
const noNumber = fc.constantFrom(Number.NaN, Infinity, -Infinity, '1', null, true, 1n, {});
const codes = ['E_OPTION_VALUE', 'E_TRAIN_OPTION', 'E_SIGNALS_VALUE', 'E_REWARD_BAD'];
const refused = expect.objectContaining({ name: 'LeaError', code: expect.toBeOneOf(codes) });

it('train refuses what is no number in every numeric option', () => {
  const given = { agent, train: data, validation, rewards: [0.2, 1] };
  const names = ['seed', 'window', 'batch', 'evaluateEvery', 'patience', 'maxSteps', 'chunk', 'threads'];
  fc.assert(
    fc.property(fc.constantFrom(...names), noNumber, (name, bad) => {
      // unlimited
      fc.pre(!(name === 'maxSteps' && bad === Infinity));
      expect(() => planOf({ ...given, [name]: bad }), name).toThrow(refused);
      expect(() => planOf({ ...given, rewards: [0, bad as number] })).toThrow(refused);
    }),
    { numRuns: 300 },
  );
  for (const seed of [0.3, 2 ** 53]) expect(() => planOf({ ...given, seed })).toThrow(/fit: seed must be/);
});

it('signals, teachers and fusions refuse what is no number', async () => {
  const annotation = memoryTeacher(data, memory, { k: 2 });
  const policy = createPolicy(
    agent,
    agent.init(key(0), { items, window: 3 }),
    { items, window: 3 },
    { backend: 'cpu' },
  );
  const names = ['positivesWeight', 'k', 'temperature', 'rewardMix', 'seed'];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), noNumber, async (name, bad) => {
      const no = bad as number;
      expect(() => leaSignals(annotation, data, { [name]: no }), name).toThrow(refused);
      expect(() => memoryTeacher(data, memory, { k: no })).toThrow(refused);
      expect(() => mixSignals([{}, {}], [1, no])).toThrow(refused);
      await expect(fuse(policy, memory, validation, { weights: [0, no] })).rejects.toEqual(refused);
      await expect(fuse(policy, memory, validation, { repeats: [0, no] })).rejects.toEqual(refused);
    }),
    { numRuns: 200 },
  );
  await policy.dispose();
});
