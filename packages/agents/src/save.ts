import { join } from 'node:path';
import { contentHash } from '@lea/core';
import { replaceFile, writeSealed } from '@lea/core/node';
import { prefixed, type Values, writeSafetensors } from '@lea/tensor';
import type { Fusion } from './memory/fusion.ts';
import { type MemoryConfig, storedTables } from './memory/state.ts';
import type { PolicyParts } from './served.ts';
import type { AgentConfig, Shape } from './types.ts';
import { agentsVersion } from './version.ts';

/** The form of `policy.json` that this version writes; it reads all up to this one. */
export const formatVersion = 4;

/** What `policy.json` holds. */
export interface PolicyFile {
  /** Of the form of this file. */
  readonly version: 1 | 2 | 3 | typeof formatVersion;
  /** The version of @lea/agents that wrote it. */
  readonly agentsVersion: string;
  readonly agent: AgentConfig;
  readonly shape: Shape;
  /** Of the parameters that belong to this file: the `weightsHash` of the training that made them. */
  readonly weightsHash: string;
  /** Of the text vectors; absent without them, and in version 1. */
  readonly textHash?: string;
  /** Of the item ids in `items.json`; absent without them, and before version 4. */
  readonly itemsHash?: string;
  /** The counting memory; absent without one, and before version 3. */
  readonly memory?: { readonly config: MemoryConfig; readonly fusion: Fusion; readonly hash: string };
}

/**
 * `weights.safetensors` holds `params/<name>` and, where the encoder reads them, the text vectors as `frozen/text`; with
 * a memory, its tables as `memory/<name>`. In version 1 names stood alone, and a parameter could be mistaken for the text.
 */
export const stored = { params: 'params/', frozen: 'frozen/', memory: 'memory/' } as const;

/** SHA-256 of weights: names, shapes and bits, whatever their order. */
export function weightsHash(params: Values): string {
  const names = Object.keys(params).sort();
  return contentHash(...names.flatMap((name) => [name, params[name]!.shape, params[name]!.data]));
}

/** Writes a policy: weights first, then the JSON that names their hash, each whole or not at all. */
export async function savePolicy(
  dir: string,
  { agent, params, shape, text, memory, fusion, itemIds }: PolicyParts,
): Promise<void> {
  const frozen: Values = text ? { text } : {};
  const tensors = {
    ...prefixed(stored.params, params),
    ...prefixed(stored.frozen, frozen),
    ...(memory && prefixed(stored.memory, storedTables(memory.state))),
  };
  await writeSafetensors(join(dir, 'weights.safetensors'), tensors);
  if (itemIds) await replaceFile(join(dir, 'items.json'), `${JSON.stringify(itemIds)}\n`);
  const file: PolicyFile = {
    version: formatVersion,
    agentsVersion,
    agent: agent.config,
    shape,
    weightsHash: weightsHash(params),
    ...(text && { textHash: weightsHash(frozen) }),
    ...(itemIds && { itemsHash: contentHash(itemIds) }),
    ...(memory && { memory: { config: memory.config, fusion: fusion!, hash: memory.hash } }),
  };
  await writeSealed(join(dir, 'policy.json'), file);
}
