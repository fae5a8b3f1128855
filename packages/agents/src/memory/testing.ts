/** Helpers of the tests of policies with a memory: a tiny log, two memories of it, and policies that use them. */
import { key } from '@lea/core';
import { type Transitions, type Windows, windowsOf } from '@lea/data';
import { float32, type Values } from '@lea/tensor';
import { expect } from 'vitest';
import { logOf, someMemory } from '../fixtures/memory/logs.ts';
import { createPolicy, type Policy, type PolicyOptions } from '../policy.ts';
import { createAgent } from '../registry.ts';
import type { Agent, AgentConfig } from '../types.ts';
import { type Fusion, withMemory } from './fusion.ts';
import type { Memory } from './memory.ts';

export const shape = { items: 8, window: 3 };
export const log: Transitions = logOf(
  [
    [0, 1, 2, 3],
    [1, 2, 0, 1, 2],
    [4, 1, 2],
    [5, 0, 4, 4],
  ],
  8,
);
/** Reads two items fewer than the network, or one more. */
export const memory: Memory = someMemory(log, { window: 2, horizon: 4, repeat: -1.5 });
export const wide: Memory = someMemory(log, { window: 4, horizon: 2, repeat: 0.5 });

export async function disposeMemories(): Promise<void> {
  await Promise.all([memory.dispose(), wide.dispose()]);
}

export const ce: AgentConfig = { type: 'ce', encoder: { type: 'sasrec', width: 4, dropout: 0 } };
export const agent: Agent = createAgent(ce);
export const histories: number[][] = [[], [1], [1, 2, 3, 4], [7, 7, 0]];
export const windows: Windows = windowsOf(histories, shape.window, shape.items);
export const quick = { threads: 1 };

export const paramsOf = (one: Agent): Values => one.init(key(1), shape);

/** A policy that fuses its network with the memory. */
export function fused(fusion: Partial<Fusion> = {}, options: PolicyOptions = {}, one: Agent = agent): Policy {
  return createPolicy(one, paramsOf(one), shape, { ...quick, memory, fusion, ...options });
}

/** The scores of a policy, which is disposed of. */
export async function scoresOf(policy: Policy): Promise<Float32Array> {
  const scores = await policy.score(windows);
  await policy.dispose();
  return scores;
}

export function near(given: Float32Array, wanted: readonly number[]): void {
  expect(given).toHaveLength(wanted.length);
  given.forEach((score, i) => {
    expect(Math.abs(score - wanted[i]!)).toBeLessThan(2e-5 * (1 + Math.abs(wanted[i]!)));
  });
}

/** An agent that learned with a memory, and its parameters with these weights of it. */
export function joined(scale: number, repeat: number, own: Memory = memory): { agent: Agent; params: Values } {
  const together = withMemory(agent, own, { form: 'joint' });
  const weights = { 'memory.scale': float32([scale], []), 'memory.repeat': float32([repeat], []) };
  return { agent: together, params: { ...together.init(key(1), shape), ...weights } };
}
