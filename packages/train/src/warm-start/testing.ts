/** Helpers of the tests of warm starts: agents and policies with arbitrary weights for a catalog with item ids. */
import { type Agent, ce, createPolicy, dqnNs, type Encoder, type Policy, sasrec, snqn, sqn, vpq } from '@lea/agents';
import { key, normal } from '@lea/core';
import type { Transitions } from '@lea/data';
import { float32, type Value } from '@lea/tensor';
import { chain } from '../fixtures/chain.ts';
import type { TrainOptions } from '../options.ts';

export const ITEMS = 12;
export const encoder: Encoder = sasrec({ width: 4, dropout: 0 });
export const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `i${i}`);

/** The walk over so many items, named by these ids in this order. */
export function log(itemIds: readonly string[], seed = 1): Transitions {
  const data = chain(12, seed, 6, itemIds.length);
  return { ...data, sequences: { ...data.sequences, itemIds: [...itemIds] } };
}

export const options = (itemIds: readonly string[], given: Partial<TrainOptions> = {}): TrainOptions => ({
  agent: ce({ encoder }),
  train: log(itemIds),
  validation: log(itemIds, 2),
  rewards: [0.2, 1],
  window: 4,
  batch: 16,
  evaluateEvery: 4,
  maxSteps: 8,
  threads: 1,
  ...given,
});

/** Policies that `disposeOpen` disposes of after each test. */
export const open: Policy[] = [];
export async function disposeOpen(): Promise<void> {
  for (const policy of open.splice(0)) await policy.dispose();
}

/** A policy with arbitrary weights, as if it had been trained. */
export function policyOf(
  agent: Agent,
  {
    items = ITEMS,
    itemIds = ids(items),
    window = 4,
    text,
  }: { items?: number; itemIds?: string[]; window?: number; text?: Value } = {},
): Policy {
  const shape = { items, window, ...(text && { textSize: text.shape[1]! }) };
  const params = Object.fromEntries(
    Object.entries(agent.init(key(7), shape, text)).map(([name, { shape }], i) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [name, float32(normal(key(i), size), shape)] as const;
    }),
  );
  const policy = createPolicy(agent, params, shape, { itemIds, text, threads: 1 });
  open.push(policy);
  return policy;
}

export const sampled = { loss: 'sampled-softmax', sampledItems: 4 } as const;
export const agents: Record<string, (encoder: Encoder) => Agent> = {
  ce: (encoder) => ce({ encoder }),
  'snqn, coin': (encoder) => snqn({ encoder, negatives: 2 }),
  'sqn, Polyak, sampled': (encoder) => sqn({ encoder, target: 'polyak', tau: 0.1, ...sampled }),
  'sqn, copy, ranks by Q': (encoder) => sqn({ encoder, target: 'copy', copyEvery: 2, rankingHead: 'q' }),
  vpq: (encoder) => vpq({ encoder, qHeads: 3 }),
  'dqn-ns': (encoder) => dqnNs({ encoder, negatives: 2 }),
};

/** The ids of the catalog in another order. */
export const permuted: string[] = ['i5', 'i3', 'i0', 'i11', 'i7', 'i1', 'i2', 'i10', 'i4', 'i9', 'i6', 'i8'];
