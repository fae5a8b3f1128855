import {
  checkRanges,
  checkSeed,
  fold,
  key,
  normal,
  permutation,
  type Task,
  task,
  uniform,
  withDefaults,
} from '@lea/core';
import { adam, embedding, float32, specsOf, type Tensors, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EnvironmentEvent } from '../shared/events.ts';
import { checkRuntime, ready, TRAINING_RUNTIME, type TrainingRuntime } from '../shared/runtime.ts';
import { finiteLoss, parametersOf, stack, trainingState, trainingStep } from '../shared/steps.ts';
import { checkTexts } from './check-texts.ts';
import { checkDecoder, type DecoderConfig } from './decoders/config.ts';
import { initDecoder, wordsOf } from './decoders/modules.ts';
import { type LanguageModel, languageModelHash, textBatch, textLoss, tokenRows } from './language-model.ts';
import { perplexityMeter } from './perplexity.ts';
import { trainTokenizer } from './tokenizer.ts';

export interface CatalogModelOptions extends TrainingRuntime {
  /** Tokens in the vocabulary (default 2000). Higher: shorter sequences, a larger output layer. */
  readonly vocabSize: number;
  /** Size of hidden states and word vectors (default 64). Higher: better texts, more seconds. */
  readonly width: number;
  /** Decoder layers (default 2). Higher: better texts where there are many, more seconds. */
  readonly layers: number;
  /** Attention heads (default 4). */
  readonly heads: number;
  /** Heads of keys and values (default `heads`). */
  readonly kvHeads: number | undefined;
  /** Size of the gated hidden layer (default 2.5 * width). */
  readonly mlpWidth: number | undefined;
  /** Tokens read of each text (default 48, at most 4096); what follows is not seen. Higher: more seconds and memory. */
  readonly context: number;
  /** Passes over the texts at most (default 8; more for small catalogs, up to 200 steps). */
  readonly epochs: number | undefined;
  /** Texts per step (default 32). */
  readonly batch: number;
  /** Adam's learning rate (default 0.003). */
  readonly lr: number;
  /**
   * Share of the texts that is written from the mean of their word vectors instead of the start token (default 0.5): the
   * model learns to unfold one vector into a text, which is what item tokens ask of it. 0: a plain language model.
   */
  readonly reconstructionShare: number;
  /** Share of the texts that decides when to stop (default 0.05), all but one at most; 0: all epochs are run. */
  readonly validationShare: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

export const DEFAULTS: CatalogModelOptions = {
  vocabSize: 2000,
  width: 64,
  layers: 2,
  heads: 4,
  kvHeads: undefined,
  mlpWidth: undefined,
  context: 48,
  epochs: undefined,
  batch: 32,
  lr: 0.003,
  reconstructionShare: 0.5,
  validationShare: 0.05,
  seed: 0,
  ...TRAINING_RUNTIME,
  signal: undefined,
};

const STEPS_PER_CALL = 16;

/** Upper limit of sizes, because arrays of these sizes are allocated before the first step. */
const LARGEST = 4096;

/**
 * Trains a small language model on the catalog texts alone: a byte-level BPE tokenizer and a Llama decoder with tied
 * embeddings, with next-token loss. Training stops when the loss of the held-out texts stops improving; the result has the
 * best weights.
 *
 * @throws LeaError `E_TEXT_EMPTY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_LOSS_NOT_FINITE`
 */
export function catalogModel(
  texts: readonly string[],
  options?: Partial<CatalogModelOptions>,
): Task<LanguageModel, EnvironmentEvent<'tokenizer' | 'language-model'>> {
  return task(() => training(texts, options));
}

async function* training(
  texts: readonly string[],
  options?: Partial<CatalogModelOptions>,
): AsyncGenerator<EnvironmentEvent<'tokenizer' | 'language-model'>, LanguageModel> {
  const o = withDefaults('catalogModel', DEFAULTS, options);
  checkOptions(o);
  checkTexts(texts);
  const config: DecoderConfig = {
    width: o.width,
    layers: o.layers,
    heads: o.heads,
    kvHeads: o.kvHeads ?? o.heads,
    mlpWidth: o.mlpWidth ?? Math.ceil((2.5 * o.width) / 8) * 8,
    normEps: 1e-5,
    ropeTheta: 10000,
  };
  checkDecoder(config);
  yield { stage: 'tokenizer', done: 0, total: 1, unit: 'steps' };
  const tokenizer = trainTokenizer(texts, o.vocabSize);
  const rows = tokenRows(tokenizer, texts, o.context);
  yield { stage: 'tokenizer', done: 1, total: 1, unit: 'steps', metrics: { tokens: tokenizer.size } };

  const root = fold(key(o.seed), 'catalogue model');
  const order = permutation(fold(root, 'held out'), rows.count);
  const held = order.subarray(0, Math.min(Math.floor(rows.count * o.validationShare), rows.count - 1));
  const train = order.subarray(held.length);
  const size = Math.min(o.batch, train.length);
  const words = normal(fold(root, 'words'), tokenizer.size * o.width).map((v) => v * 0.02);
  const params: Values = { [wordsOf(config)]: float32(words, [tokenizer.size, o.width]), ...initDecoder(root, config) };

  const optimizer = adam({ lr: o.lr });
  const batchOf = (which: Int32Array, epoch: number, step: number): Values => {
    const draws = uniform(fold(fold(root, `unfold ${epoch}`), step), size);
    return {
      ...textBatch(rows, which),
      reconstructionShare: float32(
        draws.map((u) => (u < o.reconstructionShare ? 1 : 0)),
        [size, 1],
      ),
    };
  };
  const batchSpecs = specsOf(batchOf(train.subarray(0, size), 0, 0));
  const trainer = await ready(
    trainingStep((p, inputs) => {
      const first = firstVectors(p[wordsOf(config)]!, inputs);
      const loss = tf.div(tf.sum(textLoss(p, config, inputs, first)), tf.maximum(tf.sum(inputs.weights!), 1));
      return { loss: loss as tf.Scalar };
    }, optimizer),
    { state: specsOf(trainingState(params, optimizer)), inputs: batchSpecs },
    o,
  );
  const measure = await perplexityMeter(rows, config, params, size, o);
  try {
    let state = trainingState(params, optimizer);
    let best = { params, perplexity: Number.POSITIVE_INFINITY };
    const steps = Math.ceil(train.length / size);
    const epochs = o.epochs ?? Math.max(8, Math.ceil(200 / steps));
    for (let epoch = 0; epoch < epochs; epoch++) {
      const shuffled = permutation(fold(root, `order ${epoch}`), train.length).map((i) => train[i]!);
      const batches = Array.from({ length: steps }, (_, s) =>
        Int32Array.from({ length: size }, (_, b) => shuffled[(s * size + b) % train.length]!),
      );
      for (let s = 0; s < steps; s += STEPS_PER_CALL) {
        o.signal?.throwIfAborted();
        const feed = stack(batches.slice(s, s + STEPS_PER_CALL).map((which, i) => batchOf(which, epoch, s + i)));
        const result = await trainer.run({ state, inputs: feed });
        state = result.state;
        const loss = finiteLoss(result.outputs.loss!.data, 'language model');
        const done = epoch * steps + Math.min(s + STEPS_PER_CALL, steps);
        yield { stage: 'language-model', done, total: epochs * steps, unit: 'steps', metrics: { loss } };
      }
      const trained = parametersOf(state);
      if (held.length === 0) {
        best = { params: trained, perplexity: Number.NaN };
        continue;
      }
      const perplexity = await measure.run(trained, held);
      const done = (epoch + 1) * steps;
      yield { stage: 'language-model', done, total: epochs * steps, unit: 'steps', metrics: { perplexity } };
      if (perplexity >= best.perplexity) break;
      best = { params: trained, perplexity };
    }
    const hash = languageModelHash(config, tokenizer, best.params);
    const measured = Number.isFinite(best.perplexity) ? { perplexity: best.perplexity } : {};
    return { config, context: o.context, tokenizer, params: best.params, hash, ...measured };
  } finally {
    await trainer.dispose();
    await measure.dispose();
  }
}

/** @throws LeaError `E_OPTION_VALUE` */
function checkOptions(o: CatalogModelOptions): void {
  const { heads, kvHeads = heads, mlpWidth = 1, epochs = 1 } = o;
  const given = { ...o, kvHeads, mlpWidth, epochs };
  checkRanges('catalogModel', given, {
    vocabSize: [258, 65536, 'whole'],
    width: [1, LARGEST, 'whole'],
    layers: [1, LARGEST, 'whole'],
    heads: [1, LARGEST, 'whole'],
    kvHeads: [1, LARGEST, 'whole'],
    mlpWidth: [1, 4 * LARGEST, 'whole'],
    context: [1, LARGEST, 'whole'],
    epochs: [1, Number.MAX_VALUE, 'whole'],
    batch: [1, Number.MAX_VALUE, 'whole'],
    lr: [0, Number.MAX_VALUE],
    reconstructionShare: [0, 1],
    validationShare: [0, 1],
  });
  checkSeed('catalogModel', o.seed);
  checkRuntime('catalogModel', o);
}

/** First vector of each text: the mean of its word vectors if `reconstructionShare` is 1, the start token if it is 0. */
function firstVectors(words: tf.Tensor, { ids, weights, reconstructionShare }: Tensors): tf.Tensor {
  const [B, T] = weights!.shape as [number, number];
  const start = embedding(words, tf.reshape(tf.slice(ids!, [0, 0], [B, 1]), [B]));
  const share = tf.div(weights!, tf.sum(weights!, 1, true));
  const next = embedding(words, tf.slice(ids!, [0, 1], [B, T]));
  const mean = tf.sum(tf.mul(next, tf.reshape(share, [B, T, 1])), 1);
  return tf.add(start, tf.mul(reconstructionShare!, tf.sub(mean, start)));
}
