import { join } from 'node:path';
import { checkObjects, contentHash } from '@lea/core';
import { replaceFile, writeSealed } from '@lea/core/node';
import { prefixed, type Values, writeSafetensors } from '@lea/tensor';
import type { Fusion } from './memory/fusion.ts';
import { type MemoryConfig, storedTables } from './memory/state.ts';
import type { PolicyParts } from './served.ts';
import type { AgentConfig, Shape } from './types.ts';
import { agentsVersion } from './version.ts';

/** The format of `policy.json` that this version writes and reads: since 5, options have the names of today. */
export const formatVersion = 5;

/** The content of `policy.json`. */
export interface PolicyFile {
  /** Version of the file format. */
  readonly version: typeof formatVersion;
  /** The version of @lea/agents that wrote it. */
  readonly agentsVersion: string;
  readonly agent: AgentConfig;
  readonly shape: Shape;
  /** Hash of the parameters that belong to this file; equals `weightsHash` of the training run. */
  readonly weightsHash: string;
  /** Hash of the text vectors; absent without them. */
  readonly textHash?: string;
  /** Hash of the item ids in `items.json`; absent without them. */
  readonly itemsHash?: string;
  /** The counting memory; absent without one. */
  readonly memory?: { readonly config: MemoryConfig; readonly fusion: Fusion; readonly hash: string };
}

/**
 * Prefixes of the tensors in `weights.safetensors`: `params/<name>`, the text vectors `frozen/text` if the encoder needs them,
 * and the tables of a memory as `memory/<name>`.
 */
export const stored = { params: 'params/', frozen: 'frozen/', memory: 'memory/' } as const;

/** SHA-256 (hex) of weights: their names, shapes and bits, independent of their order. */
export function weightsHash(params: Values): string {
  checkObjects('weightsHash', { params });
  const names = Object.keys(params).sort();
  return contentHash(...names.flatMap((name) => [name, params[name]!.shape, params[name]!.data]));
}

/** Writes a policy: first the weights, then the JSON with their hash. Each file is written atomically. */
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
