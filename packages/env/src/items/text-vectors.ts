import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import {
  abortSignal,
  checkObjects,
  checkPaths,
  contentHash,
  type Given,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  type Task,
  task,
  text,
  whole,
} from '@lea/core';
import type { Value } from '@lea/tensor';
import { checkTexts } from '../language-model/check-texts.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { TEXT_MODEL_FILES, type TextModelPrecision, textModelHash } from './text-model-files.ts';
import { cachedVectors, type Take } from './vector-cache.ts';

/** Options of {@link textVectors}. */
export interface TextVectorOptions {
  /** Feature-extraction model: a folder in the Hugging Face layout or a name on the hub. */
  readonly model: string;
  /** Precision of the weights: `fp32`, `fp16`, `q8` or `q4`. Lower: faster, less memory, less exact. Default: `q8`. */
  readonly dtype: TextModelPrecision;
  /** Number of texts per call. Higher: faster, more memory. Default: 32. */
  readonly batch: number;
  /**
   * Folder of cached vectors, by text and the model's files (for a model on the hub, its name). An interrupted computation
   * continues, and only new texts of a catalog are read. Default: no cache.
   */
  readonly cacheDir: string | undefined;
  /** Aborts the computation. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Options without a default. */
type Named = 'model';

/** Defaults and checks of {@link TextVectorOptions}. */
export const textVectorSchema: OptionsSchema<Omit<TextVectorOptions, Named>> = {
  dtype: option(oneOf(...(Object.keys(TEXT_MODEL_FILES) as TextModelPrecision[])), 'q8'),
  batch: option(whole(1), 32),
  cacheDir: option(text, undefined),
  signal: option(abortSignal, undefined),
};

/** Longer texts are truncated, because models read a few hundred tokens at most, but tokenizers process the whole text. */
const LONGEST_TEXT = 4000;

/**
 * Computes text vectors with a feature-extraction model of `@huggingface/transformers` (an optional peer dependency): mean
 * over tokens, normalized to length 1. A model in a folder needs no network. Texts are truncated to the model's maximum
 * input length.
 *
 * @returns vectors [texts, size]
 * @throws LeaError `E_PEER_MISSING`, `E_MODEL_MISSING` (not found, or no network), `E_MODEL_OUTPUT` (no hidden states, or the
 *   model fails), `E_TEXT_EMPTY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function textVectors(
  texts: readonly string[],
  options: Pick<TextVectorOptions, Named> & Given<TextVectorOptions>,
): Task<Value, EnvironmentEvent<'text-vectors'>> {
  return task(() => embedding(texts, options));
}

async function* embedding(
  texts: readonly string[],
  options: Pick<TextVectorOptions, Named> & Given<TextVectorOptions>,
): AsyncGenerator<EnvironmentEvent<'text-vectors'>, Value> {
  checkObjects('textVectors', { options });
  checkPaths('textVectors', { model: options.model });
  const { model, ...given } = options;
  const o = { model, ...parseOptions('textVectors', textVectorSchema, given) };
  checkTexts(texts);
  const cut = texts.map((text) => text.slice(0, LONGEST_TEXT));
  const folder = (await isFolder(model)) ? resolve(model) : undefined;
  return yield* cachedVectors(cut, {
    dir: o.cacheDir,
    identity: async () => contentHash('text vectors', folder ? await textModelHash(folder, o.dtype) : model, o.dtype),
    compute: (missing, take) => extract(missing, folder, o, take),
  });
}

async function* extract(
  texts: readonly string[],
  folder: string | undefined,
  o: TextVectorOptions,
  take: Take,
): AsyncGenerator<EnvironmentEvent<'text-vectors'>, void> {
  const extractor = await loadExtractor(folder, o);
  try {
    checkOutputs(extractor, o.model);
    capLength(extractor);
    // Batches have texts of similar length to reduce padding.
    const order = Array.from(texts.keys()).sort((a, b) => texts[a]!.length - texts[b]!.length || a - b);
    for (let at = 0; at < order.length; at += o.batch) {
      o.signal?.throwIfAborted();
      const some = order.slice(at, at + o.batch);
      const output = await extractor(
        some.map((i) => texts[i]!),
        { pooling: 'mean', normalize: true },
      ).catch((cause: unknown) => {
        throw new LeaError(
          'E_MODEL_OUTPUT',
          `The model failed on a batch of texts that starts with index ${some[0]}.`,
          {
            value: o.model,
            hint: 'See the cause. Often tokenizer_config.json lacks "pad_token" or "model_max_length".',
            cause,
          },
        );
      });
      await take(some, output.data as Float32Array);
      const done = Math.min(at + o.batch, order.length);
      yield { stage: 'text-vectors', done, total: order.length, unit: 'texts' };
    }
  } finally {
    await extractor.dispose();
  }
}

/** The part of the peer's pipeline that is used here. */
interface Extractor {
  (
    texts: string[],
    options: { pooling: 'mean'; normalize: boolean },
  ): Promise<{ readonly dims: number[]; readonly data: unknown }>;
  readonly model: {
    readonly sessions: Record<string, { readonly outputNames?: readonly string[] }>;
    readonly config: { readonly max_position_embeddings?: unknown };
  };
  readonly tokenizer: { readonly model_max_length: number };
  dispose(): Promise<unknown>;
}

/** Loads a model by its absolute path, because the peer's global settings must not be changed. */
async function loadExtractor(folder: string | undefined, o: TextVectorOptions): Promise<Extractor> {
  const { pipeline } = await loadPeer();
  try {
    const options = { dtype: o.dtype, local_files_only: folder !== undefined };
    return (await pipeline('feature-extraction', folder ?? o.model, options)) as unknown as Extractor;
  } catch (cause) {
    throw new LeaError('E_MODEL_MISSING', 'Cannot load the text model.', {
      value: o.model,
      hint: folder
        ? `The folder needs config.json, tokenizer.json, tokenizer_config.json and onnx/${TEXT_MODEL_FILES[o.dtype]}.`
        : 'Without a network, pass a folder that contains config.json, tokenizer.json, tokenizer_config.json and onnx/.',
      cause,
    });
  }
}

/** Limits the input length to the model's positions if `tokenizer_config.json` has a higher limit or none. */
function capLength({ model, tokenizer }: Extractor): void {
  const positions = model.config.max_position_embeddings;
  if (typeof positions !== 'number' || tokenizer.model_max_length <= positions) return;
  Object.defineProperty(tokenizer, 'model_max_length', { value: positions });
}

/** Names of model outputs with one vector per token. */
const HIDDEN = ['last_hidden_state', 'token_embeddings'];

/** Checks for hidden states. Without them the pipeline would use logits, whose size is that of the vocabulary. */
function checkOutputs(extractor: Extractor, model: string): void {
  const outputs = Object.values(extractor.model.sessions).flatMap((session) => session.outputNames ?? []);
  if (HIDDEN.some((name) => outputs.includes(name))) return;
  throw new LeaError('E_MODEL_OUTPUT', 'The model does not output hidden states, which text vectors need.', {
    value: model,
    hint:
      `Expected the output ${HIDDEN.join(' or ')}, got ${outputs.join(', ') || 'none'}. Use a feature-extraction model such ` +
      'as all-MiniLM-L6-v2, or load the weights as safetensors with loadLanguageModel.',
  });
}

async function loadPeer(): Promise<typeof import('@huggingface/transformers')> {
  try {
    return await import('@huggingface/transformers');
  } catch (cause) {
    throw new LeaError('E_PEER_MISSING', 'Text vectors need the optional package @huggingface/transformers.', {
      hint: 'Run npm i @huggingface/transformers, or use catalogModel and learnItemTokens instead.',
      cause,
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
  if (!found && (isAbsolute(path) || path.startsWith('.'))) {
    throw new LeaError('E_MODEL_MISSING', 'The model folder does not exist.', {
      value: path,
      hint: 'Pass a folder that contains config.json, tokenizer.json, tokenizer_config.json and onnx/.',
    });
  }
  return found;
}
