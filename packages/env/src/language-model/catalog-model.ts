import {
  abortSignal,
  finite,
  fold,
  type Given,
  key,
  normal,
  type OptionsSchema,
  option,
  parseOptions,
  permutation,
  seed,
  share,
  type Task,
  task,
  uniform,
  whole,
} from '@lea/core';
import { adam, embedding, float32, specsOf, type Tensors, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EnvironmentEvent } from '../shared/events.ts';
import { ready, type TrainingRuntime, trainingRuntimeSchema } from '../shared/runtime.ts';
import { finiteLoss, parametersOf, stack, trainingState, trainingStep } from '../shared/steps.ts';
import { checkTexts } from './check-texts.ts';
import { checkDecoder, type DecoderConfig } from './decoders/config.ts';
import { initDecoder, wordsOf } from './decoders/modules.ts';
import { type LanguageModel, languageModelHash, textBatch, textLoss, tokenRows } from './language-model.ts';
import { perplexityMeter } from './perplexity.ts';
import { trainTokenizer } from './tokenizer.ts';

/** Options of `catalogModel`. */
export interface CatalogModelOptions extends TrainingRuntime {
  /** Number of tokens in the vocabulary. Higher: shorter sequences, a larger output layer. Default: 2000. */
  readonly vocabSize: number;
  /** Size of hidden states and word vectors. Higher: better texts, slower. Default: 64. */
  readonly width: number;
  /** Number of decoder layers. Higher: better texts if there are many, slower. Default: 2. */
  readonly layers: number;
  /** Number of attention heads. Default: 4. */
  readonly heads: number;
  /** Number of heads of keys and values. Default: `heads`. */
  readonly kvHeads: number | undefined;
  /** Size of the gated hidden layer. Default: 2.5 * `width`. */
  readonly mlpWidth: number | undefined;
  /** Number of tokens read of each text, at most 4096. Higher: slower, more memory. Default: 48. */
  readonly context: number;
  /** Maximum number of passes over the texts. Default: 8; more for small catalogs, up to 200 steps. */
  readonly epochs: number | undefined;
  /** Texts per step. Default: 32. */
  readonly batch: number;
  /** Learning rate of Adam. Default: 0.003. */
  readonly lr: number;
  /**
   * Share of the texts that are generated from the mean of their word vectors. The model so learns to turn one vector into a text,
   * as item tokens require. With 0 it is a plain language model. Default: 0.5.
   */
  readonly reconstructionShare: number;
  /** Share of the texts that are held out to decide when to stop. With 0 all epochs run. Default: 0.05. */
  readonly validationShare: number;
  /** Seed of weights, held-out texts and their order. Default: 0. */
  readonly seed: number;
  /** Aborts the training. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** No small model is larger; arrays of these sizes are made before the first step. */
const LARGEST = 4096;

export const catalogModelSchema: OptionsSchema<CatalogModelOptions> = {
  vocabSize: option(whole(258, 65536), 2000),
  width: option(whole(1, LARGEST), 64),
  layers: option(whole(1, LARGEST), 2),
  heads: option(whole(1, LARGEST), 4),
  kvHeads: option(whole(1, LARGEST), undefined),
  mlpWidth: option(whole(1, 4 * LARGEST), undefined),
  context: option(whole(1, LARGEST), 48),
  epochs: option(whole(1), undefined),
  batch: option(whole(1), 32),
  lr: option(finite(0), 0.003),
  reconstructionShare: option(share, 0.5),
  validationShare: option(share, 0.05),
  seed: option(seed, 0),
  ...trainingRuntimeSchema,
  signal: option(abortSignal, undefined),
};

const STEPS_PER_CALL = 16;

/**
 * Trains a small language model on the catalog texts alone: a byte-level BPE tokenizer and a Llama decoder with tied
 * embeddings, with next-token loss. Training stops when the loss of the held-out texts stops improving; the result has the
 * best weights.
 *
 * @throws LeaError `E_TEXT_EMPTY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_LOSS_NOT_FINITE`
 */
export function catalogModel(
  texts: readonly string[],
  options?: Given<CatalogModelOptions>,
): Task<LanguageModel, EnvironmentEvent<'tokenizer' | 'language-model'>> {
  return task(() => training(texts, options));
}

async function* training(
  texts: readonly string[],
  options?: Given<CatalogModelOptions>,
): AsyncGenerator<EnvironmentEvent<'tokenizer' | 'language-model'>, LanguageModel> {
  const o = parseOptions('catalogModel', catalogModelSchema, options);
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

/** First vector of each text: the mean of its word vectors if `reconstructionShare` is 1, the start token if it is 0. */
function firstVectors(words: tf.Tensor, { ids, weights, reconstructionShare }: Tensors): tf.Tensor {
  const [B, T] = weights!.shape as [number, number];
  const start = embedding(words, tf.reshape(tf.slice(ids!, [0, 0], [B, 1]), [B]));
  const share = tf.div(weights!, tf.sum(weights!, 1, true));
  const next = embedding(words, tf.slice(ids!, [0, 1], [B, T]));
  const mean = tf.sum(tf.mul(next, tf.reshape(share, [B, T, 1])), 1);
  return tf.add(start, tf.mul(reconstructionShare!, tf.sub(mean, start)));
}
