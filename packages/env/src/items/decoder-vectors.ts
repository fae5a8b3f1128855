import {
  abortSignal,
  contentHash,
  type Given,
  type OptionsSchema,
  option,
  parseOptions,
  type Task,
  task,
  text,
  whole,
} from '@lea/core';
import { float32, int32, type Program, type Runner, specsOf, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkTexts } from '../language-model/check-texts.ts';
import type { DecoderConfig } from '../language-model/decoders/config.ts';
import { decode, embedWords } from '../language-model/decoders/decode.ts';
import { causalMask } from '../language-model/decoders/masks.ts';
import { HEAD } from '../language-model/decoders/modules.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { type Tokenizer, tokensOf } from '../language-model/tokenizer.ts';
import { checkLanguageModels } from '../shared/arguments.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { type Runtime, ready, runtimeSchema } from '../shared/runtime.ts';
import { cachedVectors, type Take } from './vector-cache.ts';

/** Options of {@link decoderVectors}. */
export interface DecoderVectorOptions extends Runtime {
  /** Maximum number of tokens read of each text, after the start token. Higher: more of a long text is used, slower. Default: 64. */
  readonly maxTokens: number;
  /** Number of texts per call. Higher: more memory, hardly faster. Default: 16. */
  readonly batch: number;
  /**
   * Folder of cached vectors, by language model, `maxTokens` and text. An interrupted computation continues, and only new texts of
   * a catalog are read. Default: no cache.
   */
  readonly cacheDir: string | undefined;
  /** Aborts the computation. Default: none. */
  readonly signal: AbortSignal | undefined;
}

export const decoderVectorSchema: OptionsSchema<DecoderVectorOptions> = {
  maxTokens: option(whole(1), 64),
  batch: option(whole(1), 16),
  cacheDir: option(text, undefined),
  ...runtimeSchema,
  signal: option(abortSignal, undefined),
};

/** Token counts of batches are rounded up to a multiple of this, so that few programs are compiled. */
const STRIDE = 8;

/**
 * Computes text vectors with a language model: the mean over a text's tokens of the decoder's hidden states after the final
 * norm. The start token is read before each text, but is not part of the mean, because decoders give their first position a
 * state that says nothing about the text.
 *
 * @returns vectors [texts, width], float32
 * @throws LeaError `E_TEXT_EMPTY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function decoderVectors(
  languageModel: LanguageModel,
  texts: readonly string[],
  options?: Given<DecoderVectorOptions>,
): Task<Value, EnvironmentEvent<'decoder-vectors'>> {
  return task(() => {
    checkLanguageModels('decoderVectors', { languageModel });
    const o = parseOptions('decoderVectors', decoderVectorSchema, options);
    checkTexts(texts);
    return cachedVectors(texts, {
      dir: o.cacheDir,
      identity: async () => contentHash('decoder vectors', languageModel.hash, o.maxTokens),
      compute: (missing, take) => computing(languageModel, missing, o, take),
    });
  });
}

async function* computing(
  { config, tokenizer, params }: LanguageModel,
  texts: readonly string[],
  o: DecoderVectorOptions,
  take: Take,
): AsyncGenerator<EnvironmentEvent<'decoder-vectors'>, void> {
  const { width, maxPositions = Number.POSITIVE_INFINITY } = config;
  const rows = texts.map((text) => tokensOf(text, tokenizer, Math.min(o.maxTokens, maxPositions - 1)));
  // Batches have texts of similar length to reduce padding. The longest come first, so a lack of memory shows at once.
  const order = Array.from(rows.keys()).sort((a, b) => rows[b]!.length - rows[a]!.length || a - b);
  const { [HEAD]: _, ...frozen } = params;
  const total = rows.reduce((sum, row) => sum + row.length, 0);
  let done = 0;
  let current: { readonly positions: number; readonly runner: Runner } | undefined;
  try {
    for (let at = 0; at < order.length; at += o.batch) {
      o.signal?.throwIfAborted();
      const some = order.slice(at, at + o.batch);
      const positions = 1 + STRIDE * Math.ceil(rows[some[0]!]!.length / STRIDE);
      const inputs = batchOf(
        some.map((i) => rows[i]!),
        tokenizer,
        [o.batch, positions],
      );
      if (current?.positions !== positions) {
        await current?.runner.dispose();
        current = undefined;
        const specs = { inputs: specsOf(inputs), frozen: specsOf(frozen) };
        current = { positions, runner: await ready(meanStates(config), specs, o, 'direct') };
      }
      const { outputs } = await current.runner.run({ inputs, frozen });
      const means = outputs.means!.data as Float32Array;
      await take(some, means.subarray(0, some.length * width));
      done += some.reduce((sum, i) => sum + rows[i]!.length, 0);
      yield { stage: 'decoder-vectors', done, total, unit: 'tokens' };
    }
  } finally {
    await current?.runner.dispose();
  }
}

/** `ids` [B, T]: start token, tokens, padding; `weights` [B, 1, T]: 1 / count at the tokens, 0 elsewhere. */
function batchOf(rows: readonly (readonly number[])[], { start, end }: Tokenizer, [B, T]: [number, number]): Values {
  const ids = new Int32Array(B * T).fill(end);
  const weights = new Float32Array(B * T);
  rows.forEach((tokens, b) => {
    ids[b * T] = start;
    ids.set(tokens, b * T + 1);
    weights.fill(1 / tokens.length, b * T + 1, b * T + 1 + tokens.length);
  });
  return { ids: int32(ids, [B, T]), weights: float32(weights, [B, 1, T]) };
}

/** The inputs of {@link batchOf} -> `means` [B, width]: weighted sums of the hidden states. */
function meanStates(config: DecoderConfig): Program {
  return ({ inputs, frozen }) => {
    const { ids, weights } = inputs as { ids: tf.Tensor; weights: tf.Tensor };
    const [B, T] = ids.shape as [number, number];
    const states = decode(frozen, config, embedWords(frozen, config, ids), { mask: causalMask(T) });
    return { state: {}, outputs: { means: tf.reshape(tf.matMul(weights, states), [B, config.width]) } };
  };
}
