import { fold, type Key } from '@lea/core';
import { float32, type Value, type Values } from '@lea/tensor';
import type { DecoderConfig } from '../language-model/decoders/config.ts';
import { initLora } from '../language-model/decoders/lora.ts';
import { decoderSpecs, initDecoder } from '../language-model/decoders/modules.ts';
import { readPrompt } from '../model/candidate-prompt.ts';
import type { EnvironmentConfig } from '../model/config.ts';
import { initConnector } from '../model/connector.ts';
import { initEnvironment } from '../model/init.ts';
import { initMemory, logPopularity, textMemoryTable } from '../model/memory.ts';
import { packing } from '../shared/packing.ts';
import type { FitData } from './fit-data.ts';
import type { FitEnvironmentOptions } from './fit-options.ts';
import { stateColumns } from './state-columns.ts';

/** The parameters of a fit before its first step. */
export interface FitWeights {
  /** Trained parameters. */
  readonly trained: Values;
  /** Parameters of the environment that are not trained. */
  readonly fixed: Values;
  /** Frozen values of the training step, from `fixed` and the tokens. */
  readonly frozen: Values;
  /** Frozen values embedded in the program: the decoder's matrices, if they are not trained. */
  readonly constants: Values;
}

/** @param tokens normalized item tokens */
export async function fitWeights(
  o: FitEnvironmentOptions,
  config: EnvironmentConfig,
  root: Key,
  tokens: Value | undefined,
  { counts, first }: Pick<FitData, 'counts' | 'first'>,
): Promise<FitWeights> {
  const { adaptation } = config;
  const decoder = o.languageModel
    ? pickDecoder(o.languageModel.params, config.decoder)
    : initDecoder(fold(root, 'decoder'), config.decoder);
  const adapters = adaptation === 'all' ? undefined : initLora(fold(root, 'adapters'), config.decoder, adaptation);
  const own = initEnvironment(fold(root, 'heads'), config, tokens?.shape[1] ?? 0);
  const memory = initMemory(config, tokens);
  const words = config.prompt && { 'prompt.words': readPrompt(config.prompt.text, o.languageModel!).words };
  const base = adapters ? decoder : {};
  const connector = config.connector
    ? initConnector(fold(root, 'connector'), config.connector, o.languageModel!, config.itemInput)
    : {};
  const trained = { ...(adapters ?? decoder), ...withoutUnknown(own, counts), ...connector, ...memory.trained };
  const columns =
    config.connector &&
    (await stateColumns(config, { ...trained, ...base, ...words, ...(tokens && { tokens }) }, first(), o));
  const { 'memory.directions': directions } = memory.fixed;
  const { constants, fed } = packing(base);
  return {
    trained,
    fixed: { ...base, ...memory.fixed, ...words, ...columns },
    frozen: {
      ...fed,
      ...words,
      ...columns,
      ...(tokens && { tokens }),
      ...(directions && { memory: await textMemoryTable(tokens!, directions, o) }),
      ...(config.countFeatures && {
        popularity: logPopularity(counts),
        fewer: logPopularity(counts.map((count) => Math.max(count - 1, 0))),
      }),
      ...(own['item.id'] && { known: float32(Float32Array.from(counts, Math.sign), [counts.length, 1]) }),
    },
    constants,
  };
}

function pickDecoder(params: Values, config: DecoderConfig): Values {
  return Object.fromEntries(Object.keys(decoderSpecs(config)).map((name) => [name, params[name]!]));
}

/**
 * Sets the learned vectors of items without training rows to zero. Such items occur only as negatives, so their vectors would
 * learn to be dissimilar to everything; they are represented by their text alone.
 */
function withoutUnknown(params: Values, counts: Int32Array): Values {
  const table = params['item.id'];
  if (!table) return params;
  const width = table.shape[1]!;
  const data = table.data.map((value, i) => (counts[Math.floor(i / width)]! > 0 ? value : 0));
  return { ...params, 'item.id': { ...table, data } as Value };
}
