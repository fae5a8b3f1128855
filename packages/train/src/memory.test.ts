import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ce,
  countingMemory,
  createPolicy,
  leaveOwnUserOut,
  loadPolicy,
  type Memory,
  narrowMemory,
  sasrec,
  sasrecModern,
  snqn,
} from '@lea/agents';
import { key } from '@lea/core';
import { historyWindows, transitions } from '@lea/data';
import { evaluate } from '@lea/eval';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chain } from './fixtures/chain.ts';
import { fitFusion, fuse } from './fuse.ts';
import type { TrainOptions } from './options.ts';
import { planOf } from './plan.ts';
import { memoryTeacher } from './signals/memory-teacher.ts';
import { leaSignals } from './signals/signals.ts';
import { createBatches } from './steps/batches.ts';
import { inputSpecs } from './steps/feeds.ts';
import { fit } from './train.ts';

const data = chain(60, 1);
const validation = chain(20, 2);
const items = data.sequences.itemIds.length;
let memory: Memory;
let folder: string;

beforeAll(async () => {
  memory = await countingMemory(data, { window: 5, gateSteps: 50 });
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
});
afterAll(async () => {
  await memory.dispose();
  await rm(folder, { recursive: true });
});

const small = (given: Partial<TrainOptions> = {}): TrainOptions => ({
  agent: ce({ encoder: sasrec({ width: 8, dropout: 0.1 }) }),
  train: data,
  validation,
  rewards: [0.2, 1],
  window: 5,
  batch: 32,
  evaluateEvery: 7,
  maxSteps: 14,
  patience: 10,
  threads: 1,
  ...given,
});

/** The log without one user, as rows of the same sequences. */
const without = (user: number) => transitions(data.sequences, (_, sequence) => sequence !== user);

describe('training with a memory', () => {
  it.each(['after', 'mixture'] as const)('%s: the network is that of a training without it', async (fusion) => {
    const plain = await fit(small());
    const fused = await fit(small({ memory, fusion }));
    expect(fused.weightsHash).toBe(plain.weightsHash);
    expect(fused.fusion).toMatchObject({ form: fusion });
    expect(plain.fusion).toBeUndefined();
    const { policy } = await fuse(plain.policy, memory, validation, { form: fusion, threads: 1 });
    const windows = historyWindows(validation, [0, 1, 2, 3], 5);
    expect(await fused.policy.score(windows)).toEqual(await policy.score(windows));
    for (const one of [plain.policy, fused.policy, policy]) await one.dispose();
  });

  it('tells of the fusion, and serves what validation promised', async () => {
    const work = fit(small({ memory }));
    let said: { value: number } | undefined;
    for await (const event of work) if (event.type === 'fused') said = event;
    const { policy } = await work;
    const { metrics } = await evaluate(policy, validation);
    expect(said!.value).toBeCloseTo(metrics['ndcg@10']!, 6);
    await policy.dispose();
  });

  it.each(['after', 'mixture'] as const)('%s: validation leaves out what the test does', async (fusion) => {
    const { policy, fusion: fitted, best } = await fit(small({ memory, fusion, exclude: 'seen' }));
    const bare = createPolicy(policy.agent, policy.params, policy.shape, { threads: 1 });
    const { value, curve } = await fitFusion(bare, memory, validation, { form: fusion, exclude: 'seen' });
    const { metrics } = await evaluate(policy, validation, { exclude: 'seen' });
    expect(value).toBeCloseTo(metrics['ndcg@10']!, 6);
    expect(curve.find(({ weight }) => weight === fitted!.weight)!.value).toBe(value);
    // Users of the chain come back to items, so the protocol changes the number.
    expect((await evaluate(policy, validation)).metrics['ndcg@10']).toBeLessThan(value - 0.001);
    const alone = await evaluate(bare, validation, { exclude: 'seen' });
    expect(best!.value).toBeCloseTo(alone.metrics['ndcg@10']!, 6);
    for (const one of [policy, bare]) await one.dispose();
  });

  it('joint: learns with the memory, and comes back from its files', async () => {
    const { policy, params, fusion } = await fit(small({ memory, fusion: 'joint' }));
    expect(fusion).toMatchObject({ form: 'joint' });
    expect(params['memory.scale']!.data[0]).not.toBe(1);
    expect(params['memory.repeat']!.data[0]).not.toBe(Math.fround(memory.config.repeat));
    await policy.save(folder);
    const again = await loadPolicy(folder, { threads: 1 });
    const windows = historyWindows(validation, [0, 1, 2, 3], 5);
    expect(await again.score(windows)).toEqual(await policy.score(windows));
    // The validation of training ranked by the same scores.
    const { metrics } = await evaluate(policy, validation);
    const last = await fit(small({ memory, fusion: 'joint' }));
    expect(last.best!.value).toBeCloseTo(metrics['ndcg@10']!, 6);
    for (const one of [policy, again, last.policy]) await one.dispose();
  });

  describe('a memory that reads more events than the network', () => {
    let wide: Memory;
    beforeAll(async () => {
      wide = await countingMemory(data, { window: 6, gateSteps: 50 });
    });
    afterAll(() => wide.dispose());
    const narrow = (given: Partial<TrainOptions> = {}) => small({ window: 2, ...given });

    it.each(['after', 'mixture'] as const)('%s: serves what validation promised', async (form) => {
      const bare = await fit(narrow());
      const { policy, value } = await fuse(bare.policy, wide, validation, { form, threads: 1 });
      expect((await evaluate(policy, validation)).metrics['ndcg@10']).toBeCloseTo(value, 6);
      const one = await fit(narrow({ memory: wide, fusion: form }));
      expect(one.fusion).toEqual(policy.fusion);
      expect((await evaluate(one.policy, validation)).metrics['ndcg@10']).toBeCloseTo(value, 6);
      for (const each of [bare.policy, policy, one.policy]) await each.dispose();
    });

    it('joint: learns with what is served, the memory of the events of the network', async () => {
      const joint = (memory: Memory) => fit(narrow({ memory, fusion: 'joint' }));
      const narrowed = narrowMemory(wide, 2);
      const [one, other] = [await joint(wide), await joint(narrowed)];
      expect(one.weightsHash).toBe(other.weightsHash);
      expect((await evaluate(one.policy, validation)).metrics['ndcg@10']).toBeCloseTo(one.best!.value, 6);
      const windows = historyWindows(validation, [5, 6, 7], 6);
      expect(await one.policy.score(windows)).toEqual(await other.policy.score(windows));
      for (const each of [one.policy, other.policy, narrowed]) await each.dispose();
    });
  });

  it('joint: a row brings what the memory would say without its user', async () => {
    const plan = planOf(small({ memory, fusion: 'joint', batch: 3 }));
    const { inputs } = createBatches(plan, key(0), inputSpecs(plan))(0, 2);
    const chunk = createBatches(planOf(small({ batch: 3 })), key(0), inputSpecs(planOf(small({ batch: 3 }))))(0, 2);
    expect(inputs.action).toEqual(chunk.inputs.action);
    expect(inputs.memory!.shape).toEqual([2, 3, items]);
    const values = inputs.memory!.data as Float32Array;
    for (let row = 0; row < 6; row++) {
      const own = values.subarray(row * items, (row + 1) * items);
      expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 4);
    }
  });

  it('joint: does not depend on where chunks end', async () => {
    const hashes = await Promise.all(
      [1, 5].map(async (chunk) => {
        const { policy, weightsHash } = await fit(small({ memory, fusion: 'joint', chunk }));
        await policy.dispose();
        return weightsHash;
      }),
    );
    expect(hashes[0]).toBe(hashes[1]);
  });

  it.each([
    ['a loss at every position', ce({ encoder: sasrecModern({ width: 8 }) })],
    ['a sampled loss', ce({ encoder: sasrec({ width: 8 }), loss: 'sampled-softmax', sampledItems: 4 })],
    ['an agent that ranks by Q', snqn({ encoder: sasrec({ width: 8 }), rankingHead: 'q', negatives: 2 })],
  ])('joint: %s is refused with the way out', async (_, agent) => {
    await expect(fit(small({ agent, memory, fusion: 'joint' }))).rejects.toMatchObject({
      code: 'E_MEMORY_JOINT',
      hint: expect.stringContaining('after'),
    });
  });

  it('a run goes on only with the memory it began with', async () => {
    const checkpoint = join(folder, 'run.safetensors');
    const first = await fit(small({ checkpoint, maxSteps: 7, memory }));
    await first.policy.dispose();
    await expect(fit(small({ checkpoint, maxSteps: 7 }))).rejects.toMatchObject({ code: 'E_CHECKPOINT_OPTIONS' });
  });

  it.each(['after', 'mixture', 'joint'] as const)('%s: a memory that counted other rows is refused', async (fusion) => {
    const error = { code: 'E_MEMORY', hint: expect.stringContaining('countingMemory(train)') };
    await expect(fit(small({ memory, fusion, train: without(0) }))).rejects.toMatchObject(error);
    const informed = memory.fork();
    informed.observe([{ history: [0], item: 1 }]);
    await expect(fit(small({ memory: informed, fusion }))).rejects.toMatchObject(error);
    await informed.dispose();
  });

  it('a memory of another catalog is refused', async () => {
    const other = { ...memory, config: { ...memory.config, items: items + 1 } };
    await expect(fit(small({ memory: other }))).rejects.toMatchObject({ code: 'E_TRAIN_OPTION' });
  });
});

describe('memoryTeacher', () => {
  it('says of a row what the memory says without its user', () => {
    const annotation = memoryTeacher(data, memory, { k: 3 });
    expect(annotation).toMatchObject({ rows: data.count, k: 3 });
    const probabilities = leaveOwnUserOut(data, memory);
    const own = new Float32Array(items);
    for (const row of [0, 7, data.count - 1]) {
      probabilities(row, own);
      const action = data.sequences.items[data.event[row]!]!;
      const best = Array.from(own.keys())
        .filter((item) => item !== action)
        .sort((a, b) => own[b]! - own[a]! || a - b)
        .slice(0, 3);
      expect([...annotation.positives.subarray(row * 3, row * 3 + 3)]).toEqual(best);
      expect(annotation.reward[row]).toBeCloseTo(Math.log(own[action]!), 5);
      best.forEach((item, j) => {
        expect(annotation.logits[row * 3 + j]).toBeCloseTo(Math.log(own[item]!), 5);
      });
    }
  });

  it('becomes signals like any annotation', () => {
    const annotation = memoryTeacher(data, memory, { k: 3 });
    const { targets, targetWeights } = leaSignals(annotation, data, { k: 3 });
    expect(targets).toEqual(annotation.positives);
    for (let row = 0; row < data.count; row++) {
      expect(targetWeights!.subarray(row * 3, row * 3 + 3).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 5);
    }
  });

  it('gives all items that every row has where there are fewer than 20, and 20 otherwise', async () => {
    const small = chain(12, 1, 6, 10);
    const counted = await countingMemory(small, { window: 3, gateSteps: 1 });
    expect(memoryTeacher(small, counted).k).toBe(9);
    expect(() => memoryTeacher(small, counted, { k: 10 })).toThrow('k must be a whole number from 1 to 9');
    // A row of the chain has three different items before its own one, if the window holds three.
    expect(memoryTeacher(small, counted, { excludeSeen: true }).k).toBe(6);
    await counted.dispose();
    expect(memoryTeacher(data, memory).k).toBe(20);
  });

  it('leaves the window out on demand, and refuses rows that the memory was not counted from', () => {
    const { positives } = memoryTeacher(data, memory, { k: 2, excludeSeen: true });
    for (let row = 0; row < data.count; row++) {
      const at = data.event[row]!;
      const start = Math.max(data.sequences.offsets[data.sequence[row]!]!, at - 5);
      const seen = new Set(data.sequences.items.subarray(start, at));
      for (const item of positives.subarray(row * 2, row * 2 + 2)) expect(seen.has(item)).toBe(false);
    }
    expect(() => memoryTeacher(without(0), memory)).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
  });
});
