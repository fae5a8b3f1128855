import { join } from 'node:path';
import { contentHash, LeaError, unsealed } from '@lea/core';
import { readWhole } from '@lea/core/node';
import { pick, readSafetensors, type Value, type Values } from '@lea/tensor';
import { createMemory } from './memory/memory.ts';
import { checkTables, readTables } from './memory/state.ts';
import { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
import { createAgent } from './registry.ts';
import { formatVersion, type PolicyFile, stored, weightsHash } from './save.ts';
import type { Agent } from './types.ts';
import { agentsVersion } from './version.ts';

/**
 * Reads a policy that `save` wrote. Agents and encoders of one's own must be defined (`defineAgent`) beforehand: import the
 * package that does so.
 *
 * @param options `memory` takes the place of the saved one, with its own weight of repeats; `fusion` that of the saved settings,
 *   one by one
 * @throws LeaError `E_FILE_MISSING`, `E_POLICY_FILE`, `E_POLICY_VERSION`, `E_POLICY_WEIGHTS`, `E_POLICY_SHAPE`,
 *   `E_POLICY_ITEMS`, `E_MEMORY_FILE`, `E_TYPE_UNKNOWN`, those of `createPolicy`, and those of `readSafetensors`
 */
export async function loadPolicy(dir: string, options: Omit<PolicyOptions, 'text' | 'itemIds'> = {}): Promise<Policy> {
  const path = join(dir, 'policy.json');
  const file = parse(path, (await readWhole(path)).toString());
  const agent = agentOf(file, path);
  const weightsPath = join(dir, 'weights.safetensors');
  const { params, text, tables } = separated(file, (await readSafetensors(weightsPath)).tensors);
  const memory = file.memory && createMemory(file.memory.config, readTables(tables, file.memory.config));
  const textHash = file.version > 1 && text ? weightsHash({ text }) : undefined;
  const isSame =
    weightsHash(params) === file.weightsHash && textHash === file.textHash && memory?.hash === file.memory?.hash;
  if (!isSame) {
    throw new LeaError('E_POLICY_WEIGHTS', 'The weights are not those that policy.json was written with.', {
      value: weightsPath,
      hint: 'Save the policy again, or copy both files together.',
    });
  }
  if (memory) checkTables(memory.state, memory.config);
  const itemIds = file.itemsHash === undefined ? undefined : await readItems(join(dir, 'items.json'), file.itemsHash);
  return createPolicy(agent, params, file.shape, {
    ...options,
    ...(itemIds && { itemIds }),
    ...(text && { text }),
    ...(memory && {
      memory: options.memory ?? memory,
      fusion: {
        ...file.memory!.fusion,
        ...(options.memory && { repeat: options.memory.config.repeat }),
        ...options.fusion,
      },
    }),
  });
}

/** @throws LeaError `E_POLICY_ITEMS` when the ids are not those that the policy was saved with */
async function readItems(path: string, hash: string): Promise<string[]> {
  const text = (await readWhole(path)).toString('utf8');
  try {
    const ids: string[] = JSON.parse(text);
    if (contentHash(ids) === hash) return ids;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new LeaError('E_POLICY_ITEMS', 'The item ids are not those that policy.json was written with.', {
    value: path,
    hint: 'Save the policy again, or copy all of its files together.',
  });
}

function separated(
  { version }: PolicyFile,
  tensors: Values,
): { params: Values; text: Value | undefined; tables: Values } {
  const tables = pick(stored.memory, tensors);
  if (version > 1) return { params: pick(stored.params, tensors), text: pick(stored.frozen, tensors).text, tables };
  const { text, ...params } = tensors;
  return { params, text, tables: {} };
}

function agentOf({ agent }: PolicyFile, path: string): Agent {
  try {
    return createAgent(agent);
  } catch (cause) {
    if (!(cause instanceof LeaError) || cause.code !== 'E_TYPE_UNKNOWN') throw cause;
    throw new LeaError('E_TYPE_UNKNOWN', `A policy of a type that is not defined (${path}).`, {
      value: cause.value,
      hint: `Import the package that defines it before loading. ${cause.hint}`,
      cause,
    });
  }
}

function parse(path: string, content: string): PolicyFile {
  let file: Partial<PolicyFile> | null;
  try {
    file = unsealed(content, path);
  } catch (cause) {
    throw new LeaError('E_POLICY_FILE', 'A policy file is not JSON, or not as it was saved.', {
      value: path,
      hint: 'Save the policy again. After a change by hand that is meant, take the field "sha256" out.',
      cause,
    });
  }
  if (typeof file?.version === 'number' && file.version > formatVersion) {
    const writer = file.agentsVersion ? `@lea/agents ${file.agentsVersion}` : 'a newer @lea/agents';
    throw new LeaError('E_POLICY_VERSION', `A policy file of a newer format, written by ${writer} (${path}).`, {
      value: file.version,
      hint: `@lea/agents ${agentsVersion} reads formats up to ${formatVersion}: update it.`,
    });
  }
  const isKnown = [1, 2, 3, formatVersion].includes(file?.version as number);
  if (isKnown && file?.agent && file.shape && file.weightsHash) return file as PolicyFile;
  throw new LeaError('E_POLICY_FILE', `A policy file lacks what every version has (${path}).`, {
    value: file?.version,
    hint: `It must have version (1 to ${formatVersion}), agent, shape and weightsHash.`,
  });
}
