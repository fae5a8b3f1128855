import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkObjects, checkPaths, LeaError } from '@lea/core';
import type { Specs, Value } from '@lea/tensor';
import { readJson, readJsonText } from '../shared/read-json.ts';
import type { DecoderConfig } from './decoders/config.ts';
import { ConfigFile } from './decoders/config-file.ts';
import { checkpointConfig } from './decoders/families.ts';
import { baseOf, decoderSpecs, HEAD, wordsOf } from './decoders/modules.ts';
import { openWeights, type WeightFiles } from './decoders/weights.ts';
import { ggufConfig } from './gguf/config.ts';
import { broken, isGguf, openGguf } from './gguf/header.ts';
import { ggufTokenizer } from './gguf/tokenizer.ts';
import { ggufWeights } from './gguf/weights.ts';
import { type LanguageModel, languageModelHash } from './language-model.ts';
import { OWN_FIELD } from './save-language-model.ts';
import { type SpecialToken, tokenizerFrom } from './tokenizer.ts';

/** Maximum context accepted from a file; for a longer one the caller must pass `context`. */
const LONGEST_SAVED = 65_536;

/** Model names of the hub, such as `Qwen/Qwen3-0.6B`. */
const HUB_NAME = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

/**
 * Loads a decoder-only language model from a GGUF file (as used by llama.cpp, Ollama and LM Studio) or from a folder in the
 * Hugging Face layout: `config.json`, `tokenizer.json`, optionally `tokenizer_config.json`, and `model.safetensors` or
 * `model.safetensors.index.json` with its shards. Families: Llama, Mistral, Qwen2, Qwen3, GPT-2, Phi-3, SmolLM3 (folders
 * only), Gemma 2 and 3 (text). Weights in float16, bfloat16 and in the GGUF formats F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0,
 * Q5_1, Q4_K, Q5_K and Q6_K are converted to float32 one tensor at a time, so loading needs no more memory than the float32
 * weights.
 *
 * Texts start with the model's start token (or its end token if it has no start token) and end with its end token.
 *
 * @param path GGUF file or folder
 * @param options.context tokens read of each text (default: the saved value of a catalog model; otherwise 48, or the number
 *   of positions if that is lower). Higher: more of a long text is used, learning item tokens takes longer
 * @throws LeaError `E_FILE_MISSING`, `E_SAFETENSORS`, `E_GGUF`, `E_TOKENIZER`, `E_MODEL_UNSUPPORTED` (an unsupported family
 *   or feature), `E_MODEL_WEIGHTS` (weights that do not match `config.json` or are not finite), `E_OPTION_VALUE`
 */
export async function loadLanguageModel(
  path: string,
  options?: {
    /** Tokens read of each text. */
    context?: number;
  },
): Promise<LanguageModel> {
  checkPaths('loadLanguageModel', { path });
  if (options !== undefined) checkObjects('loadLanguageModel', { options });
  const checkpoint = await ((await isGguf(path)) ? openFile(path) : openFolder(path));
  const { config: file } = checkpoint;
  const { decoder, vocabSize, positions, tied } = checkpointConfig(file);
  const own = file.part(OWN_FIELD);
  const context = options?.context ?? savedContext(own) ?? Math.min(48, positions);
  if (!Number.isInteger(context) || context < 1 || context > positions) {
    throw new LeaError(
      'E_OPTION_VALUE',
      `context must be a whole number from 1 to the model's ${positions} positions.`,
      {
        value: context,
      },
    );
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
  // A file may contain the word vectors twice, and its "tied" flag may be wrong: the weights decide.
  if (tied && params[HEAD] && equal(params[HEAD], params[wordsOf(decoder)]!)) delete params[HEAD];
  const hash = languageModelHash(decoder, tokenizer, params);
  const perplexity = own?.optionalNumber('perplexity');
  const measured = perplexity === undefined ? {} : { perplexity };
  return { config: decoder, context, tokenizer, params, files: checkpoint.files, hash, ...measured };
}

/** A model before its weights are read. */
interface Checkpoint {
  /** The model's description in the fields of a `config.json`. */
  readonly config: ConfigFile;
  /** The content of a `tokenizer.json`. */
  readonly tokenizer: object;
  /** File of the tokenizer, for error messages. */
  readonly tokenizerPath: string;
  /** The content of `tokenizer_config.json`, if it exists. */
  readonly described?: Readonly<Record<string, unknown>>;
  readonly files: NonNullable<LanguageModel['files']>;
  readonly openWeights: (decoder: DecoderConfig) => Promise<WeightFiles>;
}

async function openFolder(dir: string): Promise<Checkpoint> {
  const found = await stat(dir).catch(() => undefined);
  if (!found) {
    throw new LeaError('E_FILE_MISSING', 'The language model does not exist.', {
      value: dir,
      hint: HUB_NAME.test(dir)
        ? `Download a model of the hub first: dir = await downloadLanguageModel('${dir}', { dir: 'models' }).`
        : 'Pass a GGUF file, or a folder with config.json, tokenizer.json and model.safetensors.',
    });
  }
  if (!found.isDirectory()) throw broken(dir, 'it does not begin with "GGUF"');
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

/** The context saved in the file, with an upper limit because memory grows with it. */
function savedContext(own: ConfigFile | undefined): number | undefined {
  const context = own?.optionalCount('context');
  if (context !== undefined && context > LONGEST_SAVED) {
    throw own!.unusable('context', context, `at most ${LONGEST_SAVED} (pass the option context to override it)`);
  }
  return context;
}

const equal = (a: Value, b: Value): boolean => a.data.every((value, i) => value === b.data[i]);

/** Start and end tokens from `tokenizer_config.json`, or by id from `config.json`. */
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
