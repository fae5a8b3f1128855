import { countingMemory, createPolicy, type Memory, sasrec, snqn } from '@lea/agents';
import { historyWindows } from '@lea/data';
import { evaluate } from '@lea/eval';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { combine, fitFusion, fuse, logSoftmax } from './fuse.ts';
import { data, small, validation } from './testing.ts';
import { fit } from './train.ts';

const items = data.sequences.itemIds.length;
let memory: Memory;

beforeAll(async () => {
  memory = await countingMemory(data, { window: 5, gateSteps: 50 });
});
afterAll(() => memory.dispose());

/** The mean of ln softmax(scores)[chosen item] over the validation events. */
function meanLogSoftmax(scores: Float32Array): number {
  let sum = 0;
  for (let row = 0; row < validation.count; row++) {
    const own = [...scores.subarray(row * items, (row + 1) * items)];
    const target = validation.sequences.items[validation.event[row]!]!;
    sum += own[target]! - Math.log(own.reduce((total, score) => total + Math.exp(score), 0));
  }
  return sum / validation.count;
}

describe('fitFusion', () => {
  it('takes the weight of the best validation metric and the likeliest repeats, which the policy then has', async () => {
    const { policy } = await fit(small());
    const windows = historyWindows(
      validation,
      Array.from({ length: validation.count }, (_, row) => row),
      5,
    );
    const repeats = [-2, 0, 1.5];
    for (const form of ['after', 'mixture'] as const) {
      const fitted = await fitFusion(policy, memory, validation, { form, weights: [0, 0.2, 0.7], repeats });
      expect(fitted.curve.map(({ weight }) => weight)).toEqual([0, 0.2, 0.7]);
      for (const { weight, repeat, value } of fitted.curve) {
        const trials = await Promise.all(
          repeats.map(async (bonus) => {
            const fusion = { form, weight, repeat: bonus };
            const fused = createPolicy(policy.agent, policy.params, policy.shape, { memory, fusion, threads: 1 });
            const scores = await fused.score(windows);
            const { metrics } = await evaluate(fused, validation);
            await fused.dispose();
            return { likelihood: meanLogSoftmax(scores), value: metrics['ndcg@10']! };
          }),
        );
        const likeliest = trials.reduce((a, b) => (b.likelihood > a.likelihood ? b : a));
        expect(repeat).toBe(repeats[trials.indexOf(likeliest)]);
        expect(value).toBeCloseTo(likeliest.value, 6);
        expect(value).toBeLessThanOrEqual(fitted.value);
      }
      expect(fitted.curve).toContainEqual({
        weight: fitted.fusion.weight,
        repeat: fitted.fusion.repeat,
        value: fitted.value,
      });
    }
    await policy.dispose();
  });

  it.each([
    { form: 'after', weight: 1.5, temperature: 0.5, repeat: -2 },
    { form: 'mixture', weight: 0.3, temperature: 2, repeat: 1 },
    { form: 'mixture', weight: 1, temperature: 1, repeat: 0 },
  ] as const)('combines as the policy does: %o', async (fusion) => {
    const { policy } = await fit(small());
    const windows = historyWindows(validation, [0, 1, 7, 20], 5);
    const [counted, network] = [await memory.score(windows), await policy.score(windows)];
    const fused = createPolicy(policy.agent, policy.params, policy.shape, { memory, fusion, threads: 1 });
    const served = await fused.score(windows);
    for (let row = 0; row < 4; row++) {
      const [own, ours] = [counted, network].map((all) => all.subarray(row * items, (row + 1) * items));
      const seen = new Set(windows.items.subarray(row * 5, row * 5 + windows.length[row]!));
      for (const item of seen) own![item]! -= memory.config.repeat;
      const out = new Float32Array(items);
      combine(fusion, own!, logSoftmax(ours!, fusion.temperature), out);
      for (const item of seen) out[item]! += fusion.repeat;
      out.forEach((score, item) => {
        expect(score).toBeCloseTo(served[row * items + item]!, 3);
      });
    }
    for (const one of [policy, fused]) await one.dispose();
  });

  it('refuses a policy that has a memory, with the way to the network alone', async () => {
    const { policy } = await fit(small({ memory }));
    await expect(fuse(policy, memory, validation)).rejects.toMatchObject({
      code: 'E_MEMORY',
      value: policy.fusion,
      hint: expect.stringContaining('createPolicy(policy.agent, policy.params, policy.shape)'),
    });
    const { agent, params, shape } = policy;
    const again = await fuse(createPolicy(agent, params, shape, { threads: 1 }), memory, validation);
    expect(again.fusion).toEqual(policy.fusion);
    for (const one of [policy, again.policy]) await one.dispose();
  });

  it('with a Q head, the temperature is the usual spread of its values', async () => {
    const { policy } = await fit(
      small({ agent: snqn({ encoder: sasrec({ width: 8 }), rankingHead: 'q', negatives: 2 }) }),
    );
    const { fusion } = await fitFusion(policy, memory, validation);
    const count = Math.min(256, validation.count);
    const scores = await policy.score(
      historyWindows(
        validation,
        Array.from({ length: count }, (_, i) => i),
        5,
      ),
    );
    let variance = 0;
    for (let row = 0; row < count; row++) {
      const own = [...scores.subarray(row * items, (row + 1) * items)];
      const mean = own.reduce((sum, q) => sum + q, 0) / items;
      variance += own.reduce((sum, q) => sum + (q - mean) ** 2, 0) / items / count;
    }
    expect(fusion.temperature).toBeCloseTo(Math.sqrt(variance), 6);
    await policy.dispose();
  });

  it('refuses weights that make no sense, and a memory of another catalog', async () => {
    const { policy } = await fit(small());
    const refused = (options: object) => expect(fitFusion(policy, memory, validation, options)).rejects;
    await refused({ weights: [] }).toMatchObject({ code: 'E_OPTION_VALUE' });
    await refused({ form: 'mixture', weights: [1.5] }).toMatchObject({ code: 'E_OPTION_VALUE' });
    await refused({ form: 'joint' }).toMatchObject({ code: 'E_OPTION_VALUE' });
    await refused({ metric: 'ndcg@11' }).toMatchObject({ code: 'E_TRAIN_METRIC' });
    const other = { ...memory, config: { ...memory.config, items: 3 } };
    await expect(fitFusion(policy, other, validation)).rejects.toMatchObject({ code: 'E_MEMORY' });
    const nan = { ...policy, score: async () => new Float32Array(validation.count * items).fill(Number.NaN) };
    await expect(fitFusion(nan, memory, validation)).rejects.toMatchObject({ code: 'E_SCORE_NAN' });
    await policy.dispose();
  });
});
