import { contentHash, fold, key, LeaError, permutation, withDefaults } from '@lea/core';
import type { Transitions } from '@lea/data';
import { adam, keyTensorValue, specsOf, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { checkDecoder, type DecoderConfig, decoderSpecs, initDecoder } from './decoder.ts';
import { createEnvironment, type Environment } from './environment.ts';
import { type EnvironmentConfig, environmentLosses, initEnvironment } from './environment-model.ts';
import type { LanguageModel } from './language-model.ts';
import { initLora, LORA, type LoraOptions } from './lora.ts';
import type { Progress } from './progress.ts';
import { ready } from './runtime.ts';
import { negativeSampler, packSegments, segmentsOf, subsetOfSequences } from './segments.ts';
import { finiteLoss, parametersOf, stack, trainingState, trainingStep } from './steps.ts';
import { normaliseTokens } from './tokens.ts';
import { validationMeter } from './validation.ts';

export interface FitEnvironmentOptions {
  /** Fitted on these, and on nothing else. */
  readonly train: Transitions;
  /** Decides when to stop; without it all epochs are run. */
  readonly validation: Transitions | undefined;
  /** Item tokens or text vectors [items, size]; null: the id-only control. */
  readonly tokens: Value | null;
  /** What an item enters as (default `id+text`, without tokens `id`). */
  readonly input: EnvironmentConfig['input'] | undefined;
  /** The language model whose decoder is adapted; without one the decoder begins at random. */
  readonly lm: LanguageModel | undefined;
  /** What of the decoder is trained: all of it (default; right for small ones) or LoRA adapters only. */
  readonly adaptation: 'all' | Partial<LoraOptions>;
  /** Share of the train users that is used, drawn by the seed (default 1). */
  readonly users: number;
  /** Most events of a history that are read (default 20). */
  readonly window: number;
  /** Size of states and item vectors (default 64); given by the language model when there is one. */
  readonly width: number;
  /** Decoder layers (default 2); given by the language model when there is one. */
  readonly layers: number;
  /** Attention heads (default 2); given by the language model when there is one. */
  readonly heads: number;
  /** Dropout of inputs, layers and the score head (default 0.3). Higher: less overfitting, more epochs. */
  readonly dropout: number;
  /** Weight of the reward loss L_rm beside the state loss L_sm (default 1). */
  readonly lambda: number;
  /** Adam's learning rate (default 0.002). Lower: more epochs, in our runs no better in the end. */
  readonly lr: number;
  /** Positions per step, about (default 512). */
  readonly batch: number;
  /** Passes over the train rows at most (default 40). */
  readonly epochs: number;
  /** Epochs without a better validation NDCG@10 before stopping (default 4). */
  readonly patience: number;
  readonly seed: number;
  /** Name of the environment, for tables. */
  readonly name: string;
  /** Threads of the compiled program (default: all cores, at most 2). */
  readonly threads: number | undefined;
  /** Run eagerly on this tfjs backend instead of compiled (default: compiled). */
  readonly backend: string | undefined;
  readonly signal: AbortSignal | undefined;
}

type Required_ = 'train';
const DEFAULTS: Omit<FitEnvironmentOptions, Required_> = {
  validation: undefined,
  tokens: null,
  input: undefined,
  lm: undefined,
  adaptation: 'all',
  users: 1,
  window: 20,
  width: 64,
  layers: 2,
  heads: 2,
  dropout: 0.3,
  lambda: 1,
  lr: 0.002,
  batch: 512,
  epochs: 40,
  patience: 4,
  seed: 0,
  name: 'LE',
  threads: undefined,
  backend: undefined,
  signal: undefined,
};

const STEPS_PER_CALL = 32;

/**
 * Fits the language-model environment (LE) on logged histories: a decoder over item tokens with a state model
 * (L_sm, the state against all items) and a reward model (L_rm, the next item against an un-interacted one), jointly
 * and at every position of every history. The softmax is over the whole catalogue, whatever its size.
 *
 * Only the rows of `train` that belong to the drawn users reach any parameter.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_LOSS_NOT_FINITE`
 */
export async function* fitEnvironment(
  options: Pick<FitEnvironmentOptions, Required_> & Partial<FitEnvironmentOptions>,
): AsyncGenerator<Progress, Environment> {
  const { train, ...given } = options;
  const o = { train, ...withDefaults('fitEnvironment', DEFAULTS, given) };
  const config = configOf(o);
  const root = fold(key(o.seed), 'environment');
  const tokens = config.input === 'id' ? null : normaliseTokens(o.tokens!);
  const users = subsetOfSequences(train, o.users, root);
  const segments = segmentsOf(train, o.window, (sequence) => users.has(sequence));
  const negative = negativeSampler(train, segments, fold(root, 'negatives'));
  const slots = 2 * (o.window + 1);
  const shape = { rows: Math.max(1, Math.min(Math.round(o.batch / slots), segments.length)), slots };

  const decoder = o.lm ? pickDecoder(o.lm.params, config.decoder) : initDecoder(fold(root, 'decoder'), config.decoder);
  const own = initEnvironment(fold(root, 'heads'), config, tokens?.shape[1] ?? 0);
  const adapters =
    config.adaptation === 'all'
      ? {}
      : initLora(fold(root, 'adapters'), decoderSpecs(config.decoder), config.adaptation);
  const params: Values = config.adaptation === 'all' ? { ...decoder, ...own } : { ...adapters, ...own };
  const frozen: Values = { ...(config.adaptation === 'all' ? {} : decoder), ...(tokens ? { tokens } : {}) };

  const optimizer = adam({ lr: o.lr });
  const batchesOf = (epoch: number): Values[] => {
    const order = permutation(fold(root, `order ${epoch}`), segments.length);
    const shuffled = Array.from(order, (i) => segments[i]!);
    return packSegments(train, shuffled, shape, (s, e) => negative(epoch, s, e)).map((batch, step) => ({
      ...batch,
      key: keyTensorValue(fold(fold(root, `dropout ${epoch}`), step)),
    }));
  };
  const trainer = await ready(
    trainingStep((p, inputs, given) => {
      const { tokens: text, ...rest } = given;
      const dropout = o.dropout > 0 ? { rate: o.dropout, key: inputs.key! } : undefined;
      const { sm, rm } = environmentLosses({ ...p, ...rest }, config, text, inputs, dropout);
      return { loss: tf.add(sm, tf.mul(rm, o.lambda)) as tf.Scalar, aux: { sm, rm } };
    }, optimizer),
    { state: specsOf(trainingState(params, optimizer)), inputs: specsOf(batchesOf(0)[0]!), frozen: specsOf(frozen) },
    o,
  );
  const meter = o.validation && (await validationMeter(o.validation, config, { ...params, ...frozen }, shape, root, o));
  try {
    let state = trainingState(params, optimizer);
    let best = { params, score: Number.NEGATIVE_INFINITY, epoch: 0 };
    for (let epoch = 0; epoch < o.epochs; epoch++) {
      const batches = batchesOf(epoch);
      const means: Record<string, number> = { epoch };
      for (let s = 0; s < batches.length; s += STEPS_PER_CALL) {
        o.signal?.throwIfAborted();
        const result = await trainer.run({ state, inputs: stack(batches.slice(s, s + STEPS_PER_CALL)), frozen });
        state = result.state;
        finiteLoss(result.outputs.loss!.data, 'environment');
        for (const name of ['sm', 'rm']) {
          const sum = (result.outputs[name]!.data as Float32Array).reduce((a, b) => a + b, 0);
          means[name] = (means[name] ?? 0) + sum / batches.length;
        }
      }
      const now = parametersOf(state);
      const measured = meter ? await meter.run({ ...now, ...frozen }) : undefined;
      yield { stage: 'environment', step: epoch + 1, total: o.epochs, metrics: { ...means, ...measured } };
      const score = measured?.['ndcg@10'] ?? epoch;
      if (score > best.score) best = { params: now, score, epoch };
      else if (epoch - best.epoch >= o.patience) break;
    }
    const data = contentHash(segments.map((s) => train.sequences.items.slice(s.from, s.to)).map((s) => [...s]));
    return createEnvironment({
      name: o.name,
      config,
      params: { ...best.params, ...(config.adaptation === 'all' ? {} : decoder) },
      tokens,
      data,
      runtime: { threads: o.threads, backend: o.backend },
    });
  } finally {
    await trainer.dispose();
    await meter?.dispose();
  }
}

function configOf(o: FitEnvironmentOptions): EnvironmentConfig {
  const items = o.train.sequences.itemIds.length;
  if (o.train.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no train rows to fit an environment on.');
  if (!(o.users > 0 && o.users <= 1)) {
    throw new LeaError('E_OPTION_VALUE', 'users is a share of the train users, above 0 and at most 1.', {
      value: o.users,
    });
  }
  const input = o.input ?? (o.tokens ? 'id+text' : 'id');
  if (input !== 'id' && !o.tokens) {
    throw new LeaError('E_OPTION_VALUE', 'That input needs item tokens.', {
      value: input,
      hint: 'Give tokens (learnItemTokens, textVectors), or take input "id".',
    });
  }
  if (o.tokens && (o.tokens.shape.length !== 2 || o.tokens.shape[0] !== items)) {
    throw new LeaError('E_TOKENS_SHAPE', `The tokens must be one vector for each of the ${items} items.`, {
      value: o.tokens.shape,
    });
  }
  const decoder: DecoderConfig = o.lm?.config ?? {
    width: o.width,
    layers: o.layers,
    heads: o.heads,
    kvHeads: o.heads,
    mlp: Math.ceil((2.5 * o.width) / 8) * 8,
    normEps: 1e-5,
    ropeTheta: 10000,
  };
  checkDecoder(decoder);
  const adaptation = o.adaptation === 'all' ? 'all' : withDefaults('fitEnvironment.adaptation', LORA, o.adaptation);
  return { decoder, items, window: o.window, input, adaptation };
}

function pickDecoder(params: Values, config: DecoderConfig): Values {
  return Object.fromEntries(Object.keys(decoderSpecs(config)).map((name) => [name, params[name]!]));
}
