import { join } from 'node:path';
import { contentHash, replaceFile } from '@lea/core';
import { prefixed, type Value, type Values, writeSafetensors } from '@lea/tensor';
import type { Agent, AgentConfig, Shape } from './types.ts';
import { agentsVersion } from './version.ts';

/** The form of `policy.json` that this version writes; it reads all up to this one. */
export const formatVersion = 2;

/** What `policy.json` holds. */
export interface PolicyFile {
  /** Of the form of this file. */
  readonly version: 1 | typeof formatVersion;
  /** The version of @lea/agents that wrote it. */
  readonly agentsVersion: string;
  readonly agent: AgentConfig;
  readonly shape: Shape;
  /** Of the parameters that belong to this file: the `weightsHash` of the training that made them. */
  readonly weightsHash: string;
  /** Of the text vectors; absent without them, and in version 1. */
  readonly textHash?: string;
}

/**
 * `weights.safetensors` holds `params/<name>` and, where the encoder reads them, the text vectors as `frozen/text`. In
 * version 1 names stood alone, and a parameter could be mistaken for the text.
 */
export const stored = { params: 'params/', frozen: 'frozen/' } as const;

/** SHA-256 of weights: names, shapes and bits, whatever their order. */
export function weightsHash(params: Values): string {
  const names = Object.keys(params).sort();
  return contentHash(...names.flatMap((name) => [name, params[name]!.shape, params[name]!.data]));
}

/** Writes a policy: weights first, then the JSON that names their hash, each whole or not at all. */
export async function savePolicy(
  dir: string,
  { agent, params, shape, text }: { agent: Agent; params: Values; shape: Shape; text: Value | undefined },
): Promise<void> {
  const frozen: Values = text ? { text } : {};
  const tensors = { ...prefixed(stored.params, params), ...prefixed(stored.frozen, frozen) };
  await writeSafetensors(join(dir, 'weights.safetensors'), tensors);
  const file: PolicyFile = {
    version: formatVersion,
    agentsVersion,
    agent: agent.config,
    shape,
    weightsHash: weightsHash(params),
    ...(text && { textHash: weightsHash(frozen) }),
  };
  await replaceFile(join(dir, 'policy.json'), `${JSON.stringify(file, null, 2)}\n`);
}
