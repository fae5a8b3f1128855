import { join } from 'node:path';
import { contentHash, replaceFile } from '@lea/core';
import { type Value, type Values, writeSafetensors } from '@lea/tensor';
import type { Agent, AgentConfig, Shape } from './types.ts';
import { agentsVersion } from './version.ts';

/** The form of `policy.json` that this version writes; it reads all up to this one. */
export const formatVersion = 1;

/** What `policy.json` holds. */
export interface PolicyFile {
  /** Of the form of this file. */
  readonly version: typeof formatVersion;
  /** The version of @lea/agents that wrote it. */
  readonly agentsVersion: string;
  readonly agent: AgentConfig;
  readonly shape: Shape;
  /** Of the weights that belong to this file. */
  readonly weightsHash: string;
}

/** The name of the text vectors among the weights. */
export const textName = 'text';

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
  await writeSafetensors(join(dir, 'weights.safetensors'), text ? { ...params, [textName]: text } : params);
  const file: PolicyFile = {
    version: formatVersion,
    agentsVersion,
    agent: agent.config,
    shape,
    weightsHash: weightsHash(params),
  };
  await replaceFile(join(dir, 'policy.json'), `${JSON.stringify(file, null, 2)}\n`);
}
