import { type Phase, sac, sasrec } from '@lea/agents';
import { float32 } from '@lea/tensor';
import { describe, expect, it } from 'vitest';
import { checkHealth } from './health.ts';
import type { Plan } from './options.ts';

const plan = { rewards: [0.2, 1], shape: { items: 100 }, agent: sac()(sasrec()) } as unknown as Plan;
const phase = { name: 'train' } as Phase;
const check = (parts: Record<string, number[]>) =>
  checkHealth(Object.fromEntries(Object.entries(parts).map(([name, data]) => [name, float32(data)])), 40, phase, plan);

describe('checkHealth', () => {
  it('lets ordinary steps pass', () => {
    expect(() => check({ loss: [8, 7.5, 7], 'loss/td': [0.1, 0.1, 3], 'q/min': [-2, -1, -40] })).not.toThrow();
  });

  it('names the first bad step, its part and the cure', () => {
    const parts = { loss: [8, Number.NaN, Number.NaN], 'loss/ce': [8, 8, Number.NaN], 'q/mean': [1, 2e6, 1e30] };
    expect(() => check(parts)).toThrow(/step 42 of phase "train": "q\/mean" exploded.*gamma/);
    expect(() => check({ loss: [Number.NaN], 'loss/ce': [Number.NaN] })).toThrow(
      /step 41.*"loss\/ce" is not a finite.*clamp/,
    );
    expect(() => check({ loss: [Number.NaN], 'loss/ce': [1] })).toThrow(/"loss" is not a finite.*learning rate/);
  });

  it('names a loss that falls without bound, where values may fall', () => {
    expect(() => check({ loss: [-3, -4], 'loss/ce': [-3, -4], 'q/min': [-90, -99] })).not.toThrow();
    expect(() => check({ loss: [-3, -50], 'loss/ce': [-3, -50] })).toThrow(
      /step 42 of phase "train": "loss\/ce" fell without bound.*clamp/,
    );
  });

  it('measures against the size of the rewards', () => {
    const large = { ...plan, rewards: [100] };
    expect(() => checkHealth({ loss: float32([1e8]) }, 0, phase, large)).not.toThrow();
    expect(() => checkHealth({ loss: float32([1e8]) }, 0, phase, plan)).toThrow(/exploded/);
  });
});
