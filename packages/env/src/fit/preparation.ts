import { fold, integers, type Key, key, permutation } from '@lea/core';
import {
  adam,
  float32,
  int32,
  keyTensorValue,
  type Optimizer,
  type Program,
  type Value,
  type Values,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type NormalizedTokens, normalizeTokens } from '../items/tokens.ts';
import type { DecoderConfig } from '../language-model/decoders/config.ts';
import { initLora } from '../language-model/decoders/lora.ts';
import { decoderSpecs, initDecoder } from '../language-model/decoders/modules.ts';
import { prefixLength, readPrompt } from '../model/candidate-prompt.ts';
import type { EnvironmentConfig } from '../model/config.ts';
import { initEnvironment } from '../model/init.ts';
import { environmentLosses } from '../model/losses.ts';
import { initMemory, logPopularity, textMemoryTable } from '../model/memory.ts';
import { packing } from '../shared/packing.ts';
import { trainingStep } from '../shared/steps.ts';
import { configOf, type FitEnvironmentOptions } from './fit-options.ts';
import {
  type BatchShape,
  negativeSampler,
  packSegments,
  predictedCounts,
  type Segment,
  segmentsOf,
  subsetOfSequences,
} from './segments.ts';

/** Prepared inputs of `fitEnvironment`. */
export interface FitPreparation {
  /** Architecture of the environment. */
  readonly config: EnvironmentConfig;
  /** Random key of the fit, from its seed. */
  readonly root: Key;
  /** Normalized item tokens; null without tokens. */
  readonly text: NormalizedTokens | null;
  /** Segments of the sampled users. */
  readonly segments: readonly Segment[];
  /** Number of rows whose target is the item, [items]. */
  readonly counts: Int32Array;
  /** Shape of the batches. */
  readonly shape: BatchShape;
  /** Trained parameters. */
  readonly params: Values;
  /** Parameters of the environment that are not trained. */
  readonly fixed: Values;
  /** Frozen values of the training step, from `fixed` and the tokens. */
  readonly frozen: Values;
  /** Frozen values embedded in the program: the decoder's matrices, if they are not trained. */
  readonly constants: Values;
  /** Optimizer of the parameters. */
  readonly optimizer: Optimizer;
  /** The training step: outputs `loss`, `sm`, `rm`. */
  readonly program: Program;
  /** Inputs of all steps of an epoch. */
  batchesOf(epoch: number): Values[];
}

/** Prepares a fit. @throws LeaError `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY` */
export async function prepareFit(o: FitEnvironmentOptions): Promise<FitPreparation> {
  const { train } = o;
  const config = configOf(o);
  const root = fold(key(o.seed), 'environment');
  const text = config.itemInput === 'id' ? null : normalizeTokens(o.tokens!);
  const tokens = text?.vectors;
  const users = subsetOfSequences(train, o.userShare, root);
  const segments = segmentsOf(train, o.window, (sequence) => users.has(sequence));
  const counts = predictedCounts(train, users);
  const power = o.negativeSamplingPower;
  const weights = power > 0 ? Float64Array.from(counts, (count) => count ** power) : undefined;
  const negative = negativeSampler(train, segments, fold(root, 'negatives'), weights);
  const prefix = prefixLength(config);
  const positions = 2 * (o.window + prefix);
  const shape = {
    rows: Math.max(1, Math.min(Math.round(o.batch / positions), segments.length)),
    positions: positions,
    prefix,
  };
  const drawn = o.loss === 'sampled-softmax' ? o.sampledItems : 0;

  const decoder = o.languageModel
    ? pickDecoder(o.languageModel.params, config.decoder)
    : initDecoder(fold(root, 'decoder'), config.decoder);
  const own = initEnvironment(fold(root, 'heads'), config, tokens?.shape[1] ?? 0);
  const adapters =
    config.adaptation === 'all' ? {} : initLora(fold(root, 'adapters'), config.decoder, config.adaptation);
  const memory = initMemory(config, tokens);
  const params: Values = {
    ...(config.adaptation === 'all' ? decoder : adapters),
    ...withoutUnknown(own, counts),
    ...memory.trained,
  };
  const words = config.prompt && { 'prompt.words': readPrompt(config.prompt.text, o.languageModel!).words };
  const base = config.adaptation === 'all' ? {} : decoder;
  const fixed: Values = { ...base, ...memory.fixed, ...words };
  const { 'memory.directions': directions } = memory.fixed;
  const { constants, fed } = packing(base);
  const frozen: Values = {
    ...fed,
    ...words,
    ...(tokens && { tokens }),
    ...(directions && { memory: await textMemoryTable(tokens!, directions, o) }),
    ...(config.countFeatures && {
      popularity: logPopularity(counts),
      fewer: logPopularity(counts.map((count) => Math.max(count - 1, 0))),
    }),
    ...(own['item.id'] && { known: float32(Float32Array.from(counts, Math.sign), [counts.length, 1]) }),
  };

  const optimizer = adam({ lr: o.lr });
  const program = trainingStep((p, inputs, given) => {
    const { tokens: rows, memory: texts, popularity: logCounts, fewer, known, ...rest } = given;
    const own = known ? { ...p, 'item.id': tf.mul(p['item.id']!, known) } : p;
    const facts = { tokens: rows, memory: texts, popularity: logCounts, fewer };
    const dropout = o.dropout > 0 ? { rate: o.dropout, key: inputs.key! } : undefined;
    const { sm, rm } = environmentLosses({ ...own, ...rest }, config, facts, inputs, dropout);
    return { loss: tf.add(sm, tf.mul(rm, o.rewardLossWeight)) as tf.Scalar, aux: { sm, rm } };
  }, optimizer);
  const batchesOf = (epoch: number): Values[] => {
    const order = permutation(fold(root, `order ${epoch}`), segments.length);
    const shuffled = Array.from(order, (i) => segments[i]!);
    const packed = packSegments(train, shuffled, { ...shape, negatives: o.negatives }, (s, e, n) =>
      negative(epoch, s, e, n),
    );
    return packed.map((batch, step) => ({
      ...batch,
      key: keyTensorValue(fold(fold(root, `dropout ${epoch}`), step)),
      ...(drawn > 0 && { contrast: int32(integers(fold(fold(root, `contrast ${epoch}`), step), drawn, config.items)) }),
    }));
  };
  return {
    config,
    root,
    text,
    segments,
    counts,
    shape,
    params,
    fixed,
    frozen,
    constants,
    optimizer,
    program,
    batchesOf,
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
