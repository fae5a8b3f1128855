import { type Agent, ce, sac, sasrec, snqn, sqn } from '@lea/agents';
import { describe, expect, it } from 'vitest';
import { chain } from './fixtures/chain.ts';
import type { TrainOptions } from './options.ts';
import { planOf } from './plan.ts';

/** 400 rows. */
const data = chain(50, 1, 8, 20);
const plan = (agent: Agent, more: Partial<TrainOptions> = {}) =>
  planOf({ agent, train: data, validation: data, rewards: [0.2, 1], ...more });

const free = sasrec({ width: 4 });
const tied = sasrec({ width: 4, tied: true });
const biased = sasrec({ width: 4, tied: 'bias' });

describe('defaults that follow from the agent', () => {
  it.each<[string, Agent, number]>([
    ['tied weights', ce({ encoder: tied }), 8],
    ['tied weights with a bias', ce({ encoder: biased }), 8],
    ['tied weights of an RL agent', snqn({ encoder: tied }), 8],
    ['a supervised agent', ce({ encoder: free }), 4],
    ['an agent of two networks', snqn({ encoder: free }), 3],
    ['an agent with a Polyak target', sqn({ encoder: free, target: 'polyak', tau: 0.1 }), 3],
    ['an agent with copies', sac({ encoder: free, target: 'copy', copyEvery: 5 }), 3],
  ])('patience of %s', (_, agent, patience) => {
    expect(plan(agent).patience).toBe(patience);
    expect(plan(agent, { patience: 5 }).patience).toBe(5);
  });

  it('validates every half epoch of each network, of whole steps', () => {
    // 400 rows in batches of 3 are 133.3 steps.
    expect(plan(ce({ encoder: free }), { batch: 3 })).toMatchObject({ networks: 1, evaluateEvery: 66 });
    expect(plan(snqn({ encoder: free }), { batch: 3 })).toMatchObject({ networks: 2, evaluateEvery: 133 });
  });

  it('validates after 50 updates of each network at the earliest', () => {
    expect(plan(ce({ encoder: free }))).toMatchObject({ batch: 256, evaluateEvery: 50 });
    expect(plan(snqn({ encoder: free }))).toMatchObject({ batch: 256, evaluateEvery: 100 });
    expect(plan(ce({ encoder: free }), { batch: 1000 })).toMatchObject({ batch: 400, evaluateEvery: 50 });
    expect(plan(ce({ encoder: free }), { evaluateEvery: 9 }).evaluateEvery).toBe(9);
  });
});
