import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { contentHash, LeaError, readWhole, withDefaults } from '@lea/core';
import { float32, readSafetensors, type Value, writeSafetensors } from '@lea/tensor';
import { checkTexts } from './check-texts.ts';

export interface TextVectorOptions {
  /** A feature-extraction model: a folder in the Hugging Face layout, or a name on the hub. */
  readonly model: string;
  /** Precision of the weights that are loaded (default `q8`): `fp32`, `fp16`, `q8`, `q4`. */
  readonly dtype: 'fp32' | 'fp16' | 'q8' | 'q4';
  /** Texts per call (default 32). */
  readonly batch: number;
  /** Where vectors are kept by content hash; without it they are computed every time. */
  readonly cacheDir: string | undefined;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

type Named = 'model';
const DEFAULTS: Omit<TextVectorOptions, Named> = {
  dtype: 'q8',
  batch: 32,
  cacheDir: undefined,
  onProgress: undefined,
  signal: undefined,
};

/** Longer texts are cut: models read a few hundred tokens at most, tokenizers would read everything. */
const LONGEST_TEXT = 4000;

/**
 * Frozen vectors of texts by a feature-extraction model of `@huggingface/transformers` (an optional peer): mean over
 * tokens, length 1. A model in a folder is used offline.
 *
 * @returns [texts, size]
 * @throws LeaError `E_PEER_MISSING`, `E_MODEL_MISSING` (not there, or no network), `E_MODEL_OUTPUT` (no hidden states), `E_TEXT_EMPTY`
 */
export async function textVectors(
  texts: readonly string[],
  options: Pick<TextVectorOptions, Named> & Partial<TextVectorOptions>,
): Promise<Value> {
  const { model, ...given } = options;
  const o = { model, ...withDefaults('textVectors', DEFAULTS, given) };
  checkTexts(texts);
  const cut = texts.map((text) => text.slice(0, LONGEST_TEXT));
  const folder = (await isFolder(model)) ? resolve(model) : undefined;
  const weights = folder && (await readWhole(join(folder, 'onnx', FILES[o.dtype])).catch(() => undefined));
  const hash = contentHash('text vectors', weights ?? model, o.dtype, cut);
  const cached = o.cacheDir === undefined ? undefined : join(o.cacheDir, `${hash.slice(0, 16)}.safetensors`);
  if (cached) {
    const found = await readSafetensors(cached).catch(() => undefined);
    if (found?.metadata.hash === hash && found.tensors.vectors) return found.tensors.vectors;
  }
  const vectors = await extract(cut, folder, o);
  if (cached) await writeSafetensors(cached, { vectors }, { hash });
  return vectors;
}

async function extract(texts: readonly string[], folder: string | undefined, o: TextVectorOptions): Promise<Value> {
  const { pipeline, env } = await loadPeer();
  const before = { path: env.localModelPath, remote: env.allowRemoteModels, local: env.allowLocalModels };
  let extractor: Awaited<ReturnType<typeof pipeline<'feature-extraction'>>>;
  try {
    if (folder)
      Object.assign(env, { localModelPath: dirname(folder), allowRemoteModels: false, allowLocalModels: true });
    extractor = await pipeline('feature-extraction', folder ? basename(folder) : o.model, { dtype: o.dtype });
  } catch (cause) {
    throw new LeaError('E_MODEL_MISSING', 'The model cannot be loaded.', {
      value: o.model,
      hint: folder
        ? `The folder needs config.json, tokenizer.json and onnx/${FILES[o.dtype]}.`
        : 'Without a network, give a folder with config.json, tokenizer.json and the onnx folder of the model.',
      cause,
    });
  } finally {
    Object.assign(env, {
      localModelPath: before.path,
      allowRemoteModels: before.remote,
      allowLocalModels: before.local,
    });
  }
  try {
    checkOutputs(extractor, o.model);
    // Texts of similar length together: padding is computed too.
    const order = Array.from(texts.keys()).sort((a, b) => texts[a]!.length - texts[b]!.length || a - b);
    let data: Float32Array | undefined;
    let size = 0;
    for (let at = 0; at < order.length; at += o.batch) {
      o.signal?.throwIfAborted();
      const some = order.slice(at, at + o.batch);
      const output = await (extractor as unknown as Extractor)(
        some.map((i) => texts[i]!),
        { pooling: 'mean', normalize: true },
      );
      size = output.dims.at(-1)!;
      data ??= new Float32Array(texts.length * size);
      some.forEach((i, b) => {
        data!.set((output.data as Float32Array).subarray(b * size, (b + 1) * size), i * size);
      });
      o.onProgress?.(Math.min(at + o.batch, order.length), order.length);
    }
    return float32(data!, [texts.length, size]);
  } finally {
    await extractor.dispose();
  }
}

type Extractor = (
  texts: string[],
  options: { pooling: 'mean'; normalize: boolean },
) => Promise<{ dims: number[]; data: unknown }>;

/** Outputs of a model that hold one vector per token. */
const HIDDEN = ['last_hidden_state', 'token_embeddings'];

/** The pipeline would take logits for hidden states where there are none: a causal model's text vectors would be of its vocabulary's size. */
function checkOutputs(extractor: unknown, model: string): void {
  const { sessions } = (extractor as { model: { sessions: Record<string, { outputNames?: readonly string[] }> } })
    .model;
  const outputs = Object.values(sessions).flatMap((session) => session.outputNames ?? []);
  if (HIDDEN.some((name) => outputs.includes(name))) return;
  throw new LeaError('E_MODEL_OUTPUT', 'The model gives no hidden states to make text vectors from.', {
    value: model,
    hint: `Its outputs are: ${outputs.join(', ') || 'none'}; it would have to have ${HIDDEN.join(' or ')}. Take a feature-extraction model, such as all-MiniLM-L6-v2, or the weights as safetensors with loadLanguageModel.`,
  });
}

const FILES: Record<TextVectorOptions['dtype'], string> = {
  fp32: 'model.onnx',
  fp16: 'model_fp16.onnx',
  q8: 'model_quantized.onnx',
  q4: 'model_q4.onnx',
};

async function loadPeer(): Promise<typeof import('@huggingface/transformers')> {
  try {
    return await import('@huggingface/transformers');
  } catch (cause) {
    throw new LeaError('E_PEER_MISSING', 'Text vectors need the package @huggingface/transformers.', {
      hint: 'npm i @huggingface/transformers, or use the catalogue model (catalogueModel, learnItemTokens).',
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
    throw new LeaError('E_MODEL_MISSING', 'There is no such model folder.', {
      value: path,
      hint: 'Give the folder that holds config.json, tokenizer.json and the onnx folder.',
    });
  }
  return found;
}
