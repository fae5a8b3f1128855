import { int32, specsOf, type Value, type Values } from '@lea/tensor';
import type { EnvironmentConfig } from '../model/config.ts';
import { logPopularity, textMemoryTable } from '../model/memory.ts';
import { type Runtime, ready } from '../shared/runtime.ts';
import { tablesProgram } from './programs.ts';

/** The fitted values that an environment's programs read. */
export interface FittedValues {
  readonly config: EnvironmentConfig;
  readonly params: Values;
  readonly tokens: Value | null;
  readonly counts: Int32Array;
  readonly unseenOffset?: number | undefined;
  readonly runtime: Runtime;
}

/**
 * Frozen tensors of the programs: the parameters, with the parameters of items replaced by their vectors `inputs`, `table` and
 * `reward.candidates`, and the tables of text memory and popularity if the environment has them.
 */
export async function inferenceWeights({ config, params, tokens, counts, runtime }: FittedValues): Promise<Values> {
  const frozen = { ...params, ...(tokens ? { tokens } : {}) };
  const inputs = { step: int32(new Int32Array(1), [1]) };
  const specs = { inputs: specsOf(inputs), frozen: specsOf(frozen) };
  const runner = await ready(tablesProgram(config), specs, runtime, 'direct');
  try {
    const { outputs } = await runner.run({ inputs, frozen });
    const directions = params['memory.directions'];
    return {
      ...select(params, (name) => !name.startsWith('item.') && name !== 'start'),
      ...(directions && { memory: await textMemoryTable(tokens!, directions, runtime) }),
      ...(config.countFeatures && { popularity: logPopularity(counts) }),
      inputs: outputs.inputs!,
      table: outputs.table!,
      'reward.candidates': outputs.candidates!,
    };
  } finally {
    await runner.dispose();
  }
}

/** The weights that histories are read with. */
export function weightsOfHistories(weights: Values): Values {
  return select(weights, (name) => !/^(table$|reward\.|prompt\.)/.test(name));
}

/** The weights of the logits. */
export function weightsOfLogits(weights: Values): Values {
  return select(weights, (name) => /^(table|memory|popularity|memory\.popularity)$/.test(name));
}

/** The weights of rewards; with a prompt, the decoder reads candidates as well. */
export function weightsOfRewards({ prompt }: EnvironmentConfig, weights: Values): Values {
  if (prompt) return select(weights, (name) => name !== 'table' && name !== 'inputs');
  return select(weights, (name) => name.startsWith('reward.') || name === 'memory' || name === 'memory.reward');
}

function select(values: Values, keeps: (name: string) => boolean): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => keeps(name)));
}
