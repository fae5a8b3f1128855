import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  agentTypes,
  countingMemory,
  createAgent,
  createPolicy,
  encoderTypes,
  exportOnnx,
  type Policy,
} from '@lea/agents';
import { fold, integers, key } from '@lea/core';
import { createWorld, type Scored, splitByUser } from '@lea/data';

const shape = { items: 300, window: 10 };
const { interactions } = createWorld({ users: 300, items: shape.items });

/** The ids of the policies' items. */
export const itemIds: readonly string[] = interactions.itemIds;

/** 1,000 histories of 0 to 20 events; every fourth one uses only a few items, so that they repeat. */
export const histories: readonly (readonly number[])[] = Array.from({ length: 1000 }, (_, row) => {
  const own = fold(key(7), row);
  return [...integers(fold(own, 'items'), integers(own, 1, 21)[0]!, row % 4 ? shape.items : 5)];
});

/**
 * Exports a policy of every encoder, and one with a memory, each into a folder of its name.
 *
 * @returns the recommendations of each: one more than the 10 that are compared, to detect a tie at the tenth
 */
export async function exportPolicies(folder: string): Promise<Record<string, Scored[][]>> {
  const expected: Record<string, Scored[][]> = {};
  const add = async (name: string, policy: Policy) => {
    await mkdir(join(folder, name));
    await exportOnnx(policy, join(folder, name, 'policy.onnx'), { k: 10 });
    expected[name] = await policy.recommendIndices(histories, 11);
    await policy.dispose();
  };
  const agents = agentTypes();
  for (const [i, encoder] of encoderTypes().entries()) {
    const agent = createAgent({ type: agents[(2 * i) % agents.length]!, encoder: { type: encoder, width: 16 } });
    const policy = createPolicy(agent, agent.init(key(i), shape), shape, { itemIds });
    await add(policy.name, policy);
  }
  const memory = await countingMemory(splitByUser(interactions, { seed: 0 }).train);
  const agent = createAgent({ type: 'ce', encoder: { type: 'sasrec', width: 16 } });
  await add('with-memory', createPolicy(agent, agent.init(key(0), shape), shape, { itemIds, memory }));
  return expected;
}
