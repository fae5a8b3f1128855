import { join } from 'node:path';
import { LeaError, readWhole } from '@lea/core';
import { readSafetensors } from '@lea/tensor';
import { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
import { createAgent } from './registry.ts';
import { formatVersion, type PolicyFile, textName, weightsHash } from './save.ts';
import { agentsVersion } from './version.ts';

/**
 * Reads a policy that `save` wrote. Agents and encoders of one's own must be defined (`defineAgent`) beforehand.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_POLICY_FILE`, `E_POLICY_VERSION`, `E_POLICY_WEIGHTS`, `E_TYPE_UNKNOWN`, and those of `readSafetensors`
 */
export async function loadPolicy(dir: string, options: Omit<PolicyOptions, 'text'> = {}): Promise<Policy> {
  const path = join(dir, 'policy.json');
  const file = parse(path, (await readWhole(path)).toString());
  const weightsPath = join(dir, 'weights.safetensors');
  const { [textName]: text, ...params } = (await readSafetensors(weightsPath)).tensors;
  if (weightsHash(params) !== file.weightsHash) {
    throw new LeaError('E_POLICY_WEIGHTS', 'The weights are not those that policy.json was written with.', {
      value: weightsPath,
      hint: 'Save the policy again, or copy both files together.',
    });
  }
  return createPolicy(createAgent(file.agent), params, file.shape, { ...options, ...(text && { text }) });
}

function parse(path: string, content: string): PolicyFile {
  let file: Partial<PolicyFile> | null;
  try {
    file = JSON.parse(content);
  } catch (cause) {
    throw new LeaError('E_POLICY_FILE', 'A policy file is not JSON.', { value: path, cause });
  }
  if (typeof file?.version === 'number' && file.version > formatVersion) {
    const writer = file.agentsVersion ? `@lea/agents ${file.agentsVersion}` : 'a newer @lea/agents';
    throw new LeaError('E_POLICY_VERSION', `A policy file of a newer format, written by ${writer} (${path}).`, {
      value: file.version,
      hint: `@lea/agents ${agentsVersion} reads formats up to ${formatVersion}: update it.`,
    });
  }
  if (file?.version === formatVersion && file.agent && file.shape && file.weightsHash) return file as PolicyFile;
  throw new LeaError('E_POLICY_FILE', `A policy file lacks what version 1 has (${path}).`, {
    value: file?.version,
    hint: 'It must have version, agent, shape and weightsHash.',
  });
}
