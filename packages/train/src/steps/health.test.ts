import { type Phase, sac, sasrec, snqn } from '@lea/agents';
import { float32 } from '@lea/tensor';
import { describe, expect, it } from 'vitest';
import { chain } from '../fixtures/chain.ts';
import type { Plan } from '../options.ts';
import { checkHealth, largestReward } from './health.ts';

const plan = { largestReward: 1, shape: { items: 100 }, agent: sac({ encoder: sasrec() }) } as unknown as Plan;
const phaseOf = (name: string) => ({ name }) as Phase;
const check = (parts: Record<string, number[]>, phase = 'warmup', given = plan) => {
  const outputs = Object.fromEntries(Object.entries(parts).map(([name, data]) => [name, float32(data)]));
  checkHealth(outputs, 40, phaseOf(phase), given);
};

describe('checkHealth', () => {
  it('lets ordinary steps pass', () => {
    expect(() => check({ loss: [8, 7.5, 7], 'loss/td': [0.1, 0.1, 3], 'q/min': [-2, -1, -40] })).not.toThrow();
  });

  it('names the first bad step, its part and the cure', () => {
    const parts = { loss: [8, Number.NaN, Number.NaN], 'loss/ce': [8, 8, Number.NaN], 'q/mean': [1, 2e6, 1e30] };
    expect(() => check(parts)).toThrow(/step 42 of phase "warmup": "q\/mean" exploded.*gamma.* lr\b/);
    expect(() => check(parts, 'actor')).toThrow(/gamma.* secondPhaseLr\b/);
    expect(() => check({ loss: [Number.NaN], 'loss/ce': [1] })).toThrow(
      /"loss" is not finite.*Lower the learning rate lr\b/,
    );
    expect(() => check({ loss: [Number.NaN], 'loss/ce': [1] }, 'actor')).toThrow(
      /"loss" is not.*Lower the learning rate secondPhaseLr\b/,
    );
  });

  it('speaks of weights only in the phase that has them', () => {
    const parts = { loss: [Number.NaN], 'loss/ce': [Number.NaN] };
    expect(() => check(parts)).toThrow(/step 41.*"loss\/ce" is not finite\. Got NaN\. Lower the learning rate lr\b/);
    expect(() => check(parts, 'actor')).toThrow(
      /"loss\/ce" is not finite.*Set the lower bound of weightClip to 0, or lower secondPhaseLr/,
    );
    const clamped = { ...plan, agent: sac({ encoder: sasrec(), weightClip: [0, 10] }) };
    expect(() => check(parts, 'actor', clamped)).toThrow(/Got NaN\. Lower the learning rate secondPhaseLr\b/);
    const own = { ...plan, agent: { ...plan.agent, divergenceHints: {} } };
    expect(() => check(parts, 'actor', own)).toThrow(/Lower the agent's learning rate/);
  });

  it('names a loss that falls without bound, where values may fall', () => {
    expect(() => check({ loss: [-3, -4], 'loss/ce': [-3, -4], 'q/min': [-90, -99] })).not.toThrow();
    expect(() => check({ loss: [-3, -50], 'loss/ce': [-3, -50] }, 'actor')).toThrow(
      /step 42 of phase "actor": "loss\/ce" fell without bound.*weightClip/,
    );
  });

  it('measures against the size of the rewards', () => {
    expect(() => check({ loss: [1e8] }, 'warmup', { ...plan, largestReward: 100 })).not.toThrow();
    expect(() => check({ loss: [1e8] })).toThrow(/exploded/);
  });

  it('the largest reward: of the log, of the signals in its place, of negative and of positive actions', () => {
    const train = chain(12, 1);
    const given = { agent: sac({ encoder: sasrec() }), train, rewards: [0.2, -3], signals: undefined };
    expect(largestReward(given)).toBe(3);
    const reward = Float64Array.from(train.sequences.items, (_, event) => (event === 1 ? -9.5 : 0.5));
    const logged = { ...train, sequences: { ...train.sequences, reward } };
    expect(largestReward({ ...given, train: logged, rewards: 'logged' })).toBe(9.5);
    expect(largestReward({ ...given, signals: { reward: Float32Array.of(2000, -1) } })).toBe(2000);
    expect(largestReward({ ...given, signals: { targetRewards: Float32Array.of(1, -70) } })).toBe(70);
    expect(largestReward({ ...given, agent: snqn({ encoder: sasrec(), negativeReward: -500 }) })).toBe(500);
  });
});
