import { join } from 'node:path';
import { LeaError } from '@lea/core';
import type { Specs, Value } from '@lea/tensor';
import { readJson, readJsonText } from '../shared/read-json.ts';
import type { DecoderConfig } from './decoders/config.ts';
import { ConfigFile } from './decoders/config-file.ts';
import { checkpointConfig } from './decoders/families.ts';
import { baseOf, decoderSpecs, HEAD, wordsOf } from './decoders/modules.ts';
import { openWeights, type WeightFiles } from './decoders/weights.ts';
import { ggufConfig } from './gguf/config.ts';
import { isGguf, openGguf } from './gguf/header.ts';
import { ggufTokenizer } from './gguf/tokenizer.ts';
import { ggufWeights } from './gguf/weights.ts';
import { type LanguageModel, languageModelHash } from './language-model.ts';
import { OWN_FIELD } from './save-language-model.ts';
import { type SpecialToken, tokenizerFrom } from './tokenizer.ts';

/** Longest context that a file is believed; more takes the word of who loads it. */
const LONGEST_SAVED = 65_536;

/**
 * Reads a decoder-only language model: a GGUF file, as llama.cpp, Ollama and LM Studio have it, or a folder in the layout of
 * Hugging Face: `config.json`, `tokenizer.json` (and
 * `tokenizer_config.json`, where there is one), and `model.safetensors` or `model.safetensors.index.json` with its
 * shards. Families: Llama, Mistral, Qwen2, Qwen3, GPT-2, Phi-3, SmolLM3 (folders only), Gemma 2 and 3 (text). Weights in
 * float16, bfloat16 and in GGUF's types F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K are converted to
 * float32, tensor by tensor: loading takes the memory of the weights in float32 and no more.
 *
 * Texts begin with the model's start token (its end token, where it has none) and end with its end token.
 *
 * @param options.context tokens read of each text (default: as it was saved; 48 for a model from elsewhere, or as many as
 *   it has positions). Higher: longer texts are seen, learning item tokens takes longer
 * @throws LeaError `E_FILE_MISSING`, `E_SAFETENSORS`, `E_GGUF`, `E_TOKENIZER`, `E_MODEL_UNSUPPORTED` (a family or a feature that is
 *   not computed), `E_MODEL_WEIGHTS` (weights that do not fit `config.json` or are not finite), `E_OPTION_VALUE`
 */
export async function loadLanguageModel(path: string, options?: { context?: number }): Promise<LanguageModel> {
  const checkpoint = await ((await isGguf(path)) ? openFile(path) : openFolder(path));
  const { config: file } = checkpoint;
  const { decoder, vocabSize, positions, tied } = checkpointConfig(file);
  const own = file.part(OWN_FIELD);
  const context = options?.context ?? savedContext(own) ?? Math.min(48, positions);
  if (!Number.isInteger(context) || context < 1 || context > positions) {
    throw new LeaError('E_OPTION_VALUE', `context must be a whole number, 1 to the model's ${positions} positions.`, {
      value: context,
    });
  }
  const special = specialTokens(checkpoint.described ?? {}, file);
  const tokenizer = tokenizerFrom(checkpoint.tokenizer, {
    ...special,
    words: vocabSize,
    path: checkpoint.tokenizerPath,
  });

  const weights = await checkpoint.openWeights(decoder);
  const table = { dtype: 'float32', shape: [vocabSize, decoder.width] } as const;
  const specs: Specs = { ...decoderSpecs(decoder), [wordsOf(decoder)]: table };
  if (weights.has(HEAD) || tied === false) specs[HEAD] = table;
  const params = await weights.read(specs);
  // A file may hold the word vectors twice, and a flag that says "tied" may be wrong: the weights decide.
  if (tied && params[HEAD] && equal(params[HEAD], params[wordsOf(decoder)]!)) delete params[HEAD];
  const hash = languageModelHash(decoder, tokenizer, params);
  const perplexity = own?.optionalNumber('perplexity');
  const measured = perplexity === undefined ? {} : { perplexity };
  return { config: decoder, context, tokenizer, params, files: checkpoint.files, hash, ...measured };
}

/** A model before its weights are read. */
interface Checkpoint {
  /** In the fields of a `config.json`. */
  readonly config: ConfigFile;
  /** The content of a `tokenizer.json`. */
  readonly tokenizer: object;
  readonly tokenizerPath: string;
  /** The content of `tokenizer_config.json`, where there is one. */
  readonly described?: Readonly<Record<string, unknown>>;
  readonly files: NonNullable<LanguageModel['files']>;
  readonly openWeights: (decoder: DecoderConfig) => Promise<WeightFiles>;
}

async function openFolder(dir: string): Promise<Checkpoint> {
  const { content, text: config } = await readJsonText(join(dir, 'config.json'));
  const described = await readJsonText(join(dir, 'tokenizer_config.json'), 'E_TOKENIZER').catch((error: LeaError) => {
    if (error.code === 'E_FILE_MISSING') return undefined;
    throw error;
  });
  const tokenizerPath = join(dir, 'tokenizer.json');
  return {
    config: new ConfigFile(join(dir, 'config.json'), content),
    tokenizer: await readJson(tokenizerPath, 'E_TOKENIZER'),
    tokenizerPath,
    ...(described && { described: described.content }),
    files: { config, ...(described && { tokenizer: described.text }) },
    openWeights: (decoder) => openWeights(dir, baseOf(decoder)),
  };
}

async function openFile(path: string): Promise<Checkpoint> {
  const file = await openGguf(path);
  const { architecture, config } = await ggufConfig(file);
  return {
    config: new ConfigFile(path, config),
    tokenizer: ggufTokenizer(file, architecture),
    tokenizerPath: path,
    files: { config: JSON.stringify(config, null, 2) },
    openWeights: async (decoder) => ggufWeights(file, architecture, decoder),
  };
}

/** What the file says of itself: a text takes memory for as many tokens. */
function savedContext(own: ConfigFile | undefined): number | undefined {
  const context = own?.optionalCount('context');
  if (context !== undefined && context > LONGEST_SAVED) {
    throw own!.unusable('context', context, `at most ${LONGEST_SAVED}; give context yourself`);
  }
  return context;
}

const equal = (a: Value, b: Value): boolean => a.data.every((value, i) => value === b.data[i]);

/** Start and end of texts: `tokenizer_config.json` says them, or `config.json` does by id. */
function specialTokens(
  described: Readonly<Record<string, unknown>>,
  file: ConfigFile,
): { start?: SpecialToken; end?: SpecialToken } {
  const find = (name: string): SpecialToken | undefined => {
    const token = described[`${name}_token`];
    const content = typeof token === 'object' && token !== null ? (token as { content?: unknown }).content : token;
    if (typeof content === 'string') return content;
    const id = file.fields[`${name}_token_id`];
    const first = Array.isArray(id) ? id[0] : id;
    return Number.isInteger(first) ? (first as number) : undefined;
  };
  const end = find('eos');
  return { start: find('bos') ?? end, end };
}
