import { join } from 'node:path';
import { checkPaths, contentHash, LeaError, unsealed, withDefaults } from '@lea/core';
import { readWhole } from '@lea/core/node';
import { pick, readSafetensors } from '@lea/tensor';
import { checkMemories } from './arguments.ts';
import { createMemory } from './memory/memory.ts';
import { checkTables, readTables } from './memory/state.ts';
import { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
import { createAgent } from './registry.ts';
import { formatVersion, type PolicyFile, stored, weightsHash } from './save.ts';
import type { Agent } from './types.ts';
import { agentsVersion } from './version.ts';

/** Options of `loadPolicy`: those of `createPolicy` whose values are not in the folder. */
export type LoadPolicyOptions = Omit<PolicyOptions, 'text' | 'itemIds'>;

const loadDefaults: LoadPolicyOptions = {
  memory: undefined,
  fusion: undefined,
  batch: undefined,
  threads: undefined,
  backend: undefined,
};

/**
 * Loads a policy that `save` wrote. Custom agents and encoders must be defined first (`defineAgent`, `defineEncoder`): import
 * the package that defines them.
 *
 * @param options `memory` replaces the saved memory and its weight of repeats; `fusion` overrides single saved settings
 * @throws LeaError `E_FILE_MISSING`, `E_POLICY_FILE`, `E_POLICY_VERSION`, `E_POLICY_WEIGHTS`, `E_POLICY_SHAPE`,
 *   `E_POLICY_ITEMS`, `E_MEMORY_FILE`, `E_TYPE_UNKNOWN`, `E_OPTION_UNKNOWN`, and the errors of `createPolicy` and `readSafetensors`
 */
export async function loadPolicy(dir: string, options?: LoadPolicyOptions): Promise<Policy> {
  checkPaths('loadPolicy', { dir });
  const given = withDefaults('loadPolicy', loadDefaults, options);
  if (given.memory !== undefined) checkMemories('loadPolicy', { memory: given.memory });
  const path = join(dir, 'policy.json');
  const file = parse(path, (await readWhole(path)).toString());
  const agent = agentOf(file, path);
  const weightsPath = join(dir, 'weights.safetensors');
  const { tensors } = await readSafetensors(weightsPath);
  const params = pick(stored.params, tensors);
  const { text } = pick(stored.frozen, tensors);
  const tables = pick(stored.memory, tensors);
  const memory = file.memory && createMemory(file.memory.config, readTables(tables, file.memory.config));
  const textHash = text ? weightsHash({ text }) : undefined;
  const isSame =
    weightsHash(params) === file.weightsHash && textHash === file.textHash && memory?.hash === file.memory?.hash;
  if (!isSame) {
    throw new LeaError('E_POLICY_WEIGHTS', 'The weights do not belong to policy.json.', {
      value: weightsPath,
      hint: 'Save the policy again, or copy all of its files together.',
    });
  }
  if (memory) checkTables(memory.state, memory.config);
  const itemIds = file.itemsHash === undefined ? undefined : await readItems(join(dir, 'items.json'), file.itemsHash);
  return createPolicy(agent, params, file.shape, {
    ...given,
    ...(itemIds && { itemIds }),
    ...(text && { text }),
    ...(memory && {
      memory: given.memory ?? memory,
      fusion: {
        ...file.memory!.fusion,
        ...(given.memory && { repeat: given.memory.config.repeat }),
        ...given.fusion,
      },
    }),
  });
}

/** @throws LeaError `E_POLICY_ITEMS` when the ids do not match the hash in policy.json */
async function readItems(path: string, hash: string): Promise<string[]> {
  const text = (await readWhole(path)).toString('utf8');
  try {
    const ids: string[] = JSON.parse(text);
    if (contentHash(ids) === hash) return ids;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new LeaError('E_POLICY_ITEMS', 'The item ids do not belong to policy.json.', {
    value: path,
    hint: 'Save the policy again, or copy all of its files together.',
  });
}

function agentOf({ agent }: PolicyFile, path: string): Agent {
  try {
    return createAgent(agent);
  } catch (cause) {
    if (!(cause instanceof LeaError) || cause.code !== 'E_TYPE_UNKNOWN') throw cause;
    throw new LeaError('E_TYPE_UNKNOWN', `The agent or encoder type of the policy is not defined (${path}).`, {
      value: cause.value,
      hint: `Import the package that defines it before loading the policy. ${cause.hint}`,
      cause,
    });
  }
}

function parse(path: string, content: string): PolicyFile {
  let file: Partial<PolicyFile> | null;
  try {
    file = unsealed(content, path);
  } catch (cause) {
    throw new LeaError('E_POLICY_FILE', 'The policy file is not valid JSON, or has changed since it was saved.', {
      value: path,
      hint: 'Save the policy again. If you edited the file on purpose, remove the field "sha256".',
      cause,
    });
  }
  if (typeof file?.version === 'number' && file.version > formatVersion) {
    const writer = file.agentsVersion ? `@lea/agents ${file.agentsVersion}` : 'a newer @lea/agents';
    throw new LeaError(
      'E_POLICY_VERSION',
      `The policy file has a newer format and was written by ${writer} (${path}).`,
      {
        value: file.version,
        hint: `@lea/agents ${agentsVersion} reads format ${formatVersion}. Update the package.`,
      },
    );
  }
  if (typeof file?.version === 'number' && file.version < formatVersion && file.agent) {
    throw new LeaError('E_POLICY_VERSION', `The policy file has an older format (${path}).`, {
      value: file.version,
      hint: `@lea/agents ${agentsVersion} reads format ${formatVersion}, in which options have other names. Train the policy again.`,
    });
  }
  if (file?.version === formatVersion && file.agent && file.shape && file.weightsHash) return file as PolicyFile;
  throw new LeaError('E_POLICY_FILE', `The policy file lacks required fields (${path}).`, {
    value: file?.version,
    hint: `The fields are version (${formatVersion}), agent, shape and weightsHash. Save the policy again.`,
  });
}
