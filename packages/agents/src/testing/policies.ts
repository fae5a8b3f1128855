/** Helpers of the tests of policies: a tiny catalog with texts and item ids, and policies for it. */

import { key } from '@lea/core';
import { float32, type Value } from '@lea/tensor';
import { createPolicy, type Policy } from '../policy.ts';
import { createAgent } from '../registry.ts';
import type { Agent } from '../types.ts';

export const shape = { items: 8, window: 3, textSize: 2 };
export const text: Value = float32(
  Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  [8, 2],
);
export const agent: Agent = createAgent({ type: 'snqn', encoder: { type: 'sasrec', width: 4, itemInput: 'id+text' } });
export const histories: number[][] = [[], [1], [1, 2, 3, 4], [7, 7, 0]];
/** Runtime options of small policies. */
export const quick = { batch: 3, threads: 1 };

/** A policy without item ids. */
export const fresh = (): Policy => createPolicy(agent, agent.init(key(1), shape, text), shape, { ...quick, text });

export const ids: string[] = Array.from({ length: shape.items }, (_, item) => `sku-${item}`);
/** A policy with these item ids. */
export const named = (itemIds: readonly string[]): Policy =>
  createPolicy(agent, agent.init(key(1), shape, text), shape, { ...quick, text, itemIds });
