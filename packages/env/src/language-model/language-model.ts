import { contentHash } from '@lea/core';
import { embedding, float32, int32, rowDot, softmaxCrossEntropy, type Tensors, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkTexts } from './check-texts.ts';
import { capped } from './decoders/attend.ts';
import type { DecoderConfig } from './decoders/config.ts';
import { decode, embedWords } from './decoders/decode.ts';
import { causalMask } from './decoders/masks.ts';
import { HEAD, wordsOf } from './decoders/modules.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A decoder-only language model, the source of item tokens. */
export interface LanguageModel {
  /** Architecture and sizes of the decoder. */
  readonly config: DecoderConfig;
  /** Maximum number of tokens read of each text. */
  readonly context: number;
  /** Converts texts to token ids and back. */
  readonly tokenizer: Tokenizer;
  /** Weights by Hugging Face name. Without `lm_head.weight`, the word vectors [tokens, width] are the output layer too. */
  readonly params: Values;
  /** Contents of the files of the model, if it was loaded. */
  readonly files?: {
    /** Content of `config.json`. */
    readonly config: string;
    /** Content of `tokenizer_config.json`, if it exists. */
    readonly tokenizer?: string;
  };
  /** Perplexity of held-out texts, if measured. */
  readonly perplexity?: number;
  /** Hash of config, tokenizer and weights. */
  readonly hash: string;
}

/** Hash of config, tokenizer and weights of a language model. */
export function languageModelHash(config: DecoderConfig, tokenizer: Tokenizer, params: Values): string {
  const names = Object.keys(params).sort();
  return contentHash(config, tokenizer.json, names, ...names.map((name) => params[name]!.data));
}

/** Texts as rows of token ids: start token, first tokens of the text, end token, then padding of weight 0. */
export interface TokenRows {
  /** Token ids, [count, context + 1]. */
  readonly ids: Int32Array;
  /** Weight of predicting token t + 1 from the tokens up to t, [count, context]. */
  readonly weights: Float32Array;
  /** Number of texts. */
  readonly count: number;
  /** Maximum number of tokens per text. */
  readonly context: number;
  /** Id of the start token. */
  readonly start: number;
}

/**
 * Encodes texts; texts longer than the context are truncated.
 *
 * @throws LeaError `E_TEXT_EMPTY`
 */
export function tokenRows(tokenizer: Tokenizer, texts: readonly string[], context: number): TokenRows {
  checkTexts(texts);
  const ids = new Int32Array(texts.length * (context + 1)).fill(tokenizer.end);
  const weights = new Float32Array(texts.length * context);
  texts.forEach((text, row) => {
    const tokens = tokenizer.encode(text, context);
    ids[row * (context + 1)] = tokenizer.start;
    ids.set(tokens, row * (context + 1) + 1);
    weights.fill(1, row * context, row * context + Math.min(tokens.length + 1, context));
  });
  return { ids, weights, count: texts.length, context, start: tokenizer.start };
}

/** The rows `which` as inputs of a program that calls {@link textLoss}. */
export function textBatch(rows: TokenRows, which: ArrayLike<number>): Values {
  const { context } = rows;
  const ids = new Int32Array(which.length * (context + 1));
  const weights = new Float32Array(which.length * context);
  for (let b = 0; b < which.length; b++) {
    const row = which[b]!;
    ids.set(rows.ids.subarray(row * (context + 1), (row + 1) * (context + 1)), b * (context + 1));
    weights.set(rows.weights.subarray(row * context, (row + 1) * context), b * context);
  }
  return { ids: int32(ids, [which.length, context + 1]), weights: float32(weights, [which.length, context]) };
}

/**
 * Next-token loss of texts.
 *
 * @param inputs `ids` [B, context + 1], `weights` [B, context]
 * @param first vectors [B, width] that replace the start tokens (default: the start tokens' vectors)
 * @returns the sum of -log p over the tokens of each text, [B]
 */
export function textLoss(params: Tensors, config: DecoderConfig, inputs: Tensors, first?: tf.Tensor): tf.Tensor {
  const { ids, weights } = inputs as { ids: tf.Tensor; weights: tf.Tensor };
  const [B, T] = weights.shape as [number, number];
  const from = first ? 1 : 0;
  const given = embedWords(params, config, tf.slice(ids, [0, from], [B, T - from]));
  const x = first ? tf.concat([tf.reshape(first, [B, 1, config.width]), given], 1) : given;
  const h = decode(params, config, x, { mask: causalMask(T) });
  const next = tf.reshape(tf.slice(ids, [0, 1], [B, T]), [B * T, 1]);
  const loss = wordLoss(params, config, tf.reshape(h, [B * T, config.width]), next, tf.reshape(weights, [B * T, 1]));
  return tf.sum(tf.reshape(loss, [B, T]), 1);
}

/** Logits of the next word: hidden states [R, width] -> [R, tokens]. */
export function wordLogits(params: Tensors, config: DecoderConfig, h: tf.Tensor): tf.Tensor {
  const logits = tf.matMul(h, params[HEAD] ?? params[wordsOf(config)]!, false, true);
  return config.logitSoftcap === undefined ? logits : capped(logits, config.logitSoftcap);
}

/** weights * -log p of the next words: h [R, width], next int32 [R, 1], weights [R, 1] -> [R]. */
export function wordLoss(
  params: Tensors,
  config: DecoderConfig,
  h: tf.Tensor,
  next: tf.Tensor,
  weights: tf.Tensor,
): tf.Tensor {
  const head = params[HEAD] ?? params[wordsOf(config)]!;
  if (config.logitSoftcap === undefined) return softmaxCrossEntropy(h, head, next, weights);
  const own = capped(rowDot(h, embedding(head, tf.reshape(next, [-1]))), config.logitSoftcap);
  return tf.mul(tf.sub(tf.logSumExp(wordLogits(params, config, h), 1), own), tf.reshape(weights, [-1]));
}

/** The decoder's input vector of the start token, [width]. */
export function startVector(params: Values, config: DecoderConfig, start: number): Float32Array {
  const { width, embeddingScale = 1 } = config;
  const words = params[wordsOf(config)]!.data as Float32Array;
  return words.slice(start * width, (start + 1) * width).map((v) => v * embeddingScale);
}
