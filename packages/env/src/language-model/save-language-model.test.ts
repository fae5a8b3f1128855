import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { letterTokenizer } from '../testing.ts';
import { catalogModel } from './catalog-model.ts';
import type { LanguageModel } from './language-model.ts';
import { loadLanguageModel } from './load-language-model.ts';
import { saveLanguageModel } from './save-language-model.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lea-saved-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A model of a family as from the hub. */
async function modelOf(
  family: string,
  tokenizerFile?: object,
  tokenizer: object = letterTokenizer(),
): Promise<LanguageModel> {
  const dir = await mkdtemp(join(root, 'given-'));
  for (const file of ['config.json', 'model.safetensors']) {
    await copyFile(here(`../fixtures/decoders/${family}/${file}`), join(dir, file));
  }
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer));
  if (tokenizerFile) await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(tokenizerFile));
  return loadLanguageModel(dir);
}

async function saved(languageModel: LanguageModel): Promise<string> {
  const dir = await mkdtemp(join(root, 'saved-'));
  await saveLanguageModel(languageModel, dir);
  return dir;
}

const read = async (dir: string, file: string) => JSON.parse(await readFile(join(dir, file), 'utf8'));

test('a model from elsewhere keeps what its files say', async () => {
  const given = {
    tokenizer_class: 'GPT2Tokenizer',
    eos_token: { content: '</s>', lstrip: false },
    chat_template: '{{ x }}',
  };
  const languageModel = await modelOf('gpt2', given);
  const dir = await saved(languageModel);
  expect(await read(dir, 'tokenizer_config.json')).toEqual(given);
  const before = JSON.parse(languageModel.files!.config) as object;
  expect(await read(dir, 'config.json')).toMatchObject({ ...before, dtype: 'float32', torch_dtype: 'float32' });
  expect((await loadLanguageModel(dir)).tokenizer).toMatchObject({
    start: languageModel.tokenizer.start,
    end: languageModel.tokenizer.end,
  });
});

test('numbers are written as they were', async () => {
  const languageModel = await modelOf('gemma2');
  expect(languageModel.files!.config).toContain('"final_logit_softcapping": 3.0');
  const text = await readFile(join(await saved(languageModel), 'config.json'), 'utf8');
  expect(text).toContain('"final_logit_softcapping": 3.0');
  expect(text).toContain('"rms_norm_eps": 1e-06');
});

test('special tokens are written where no file said them', async () => {
  const special = { tokenizer_class: 'PreTrainedTokenizerFast', pad_token: null, split_special_tokens: true };
  expect(await read(await saved(await modelOf('gemma3')), 'tokenizer_config.json')).toMatchObject({
    ...special,
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
  });
  const own = await catalogModel(['steel bolt', 'steel wire'], { vocabSize: 260, width: 8, heads: 2, epochs: 1 });
  expect(await read(await saved(own), 'tokenizer_config.json')).toMatchObject({
    ...special,
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: null,
  });
});

test('a model without a start token is saved without one', async () => {
  const languageModel = await modelOf('qwen3', { eos_token: '</s>', bos_token: null });
  const config = languageModel.files!.config.replace(/"bos_token_id": *1/, '"bos_token_id": null');
  const dir = await saved({ ...languageModel, files: { config }, tokenizer: { ...languageModel.tokenizer, start: 2 } });
  expect(await read(dir, 'tokenizer_config.json')).toMatchObject({ bos_token: null, eos_token: '</s>' });
  expect((await loadLanguageModel(dir)).tokenizer).toMatchObject({ start: 2, end: 2 });
});

describe.skipIf(!process.env.LEA_PYTHON)('AutoTokenizer (LEA_PYTHON names a Python that has transformers)', () => {
  const FAMILIES = ['llama', 'mistral', 'qwen3', 'gpt2', 'phi3', 'smollm3', 'gemma2', 'gemma3'];
  const texts = ['steel bolt, 10x25mm', 'a  b ', '</s><s><unk>', "don't stop", ''];

  /** What Python makes of folders. */
  const python = async (folders: readonly string[]) => {
    const path = join(root, 'texts.json');
    await writeFile(path, JSON.stringify(texts));
    const script = here('../../python/tests/auto_tokenizer.py');
    const { stdout } = await promisify(execFile)(process.env.LEA_PYTHON!, [script, path, ...folders], {
      timeout: 200_000,
    });
    return JSON.parse(stdout.trim().split('\n').at(-1)!);
  };

  /** Python gives every qwen2 the normalizer and the pieces of Qwen2, whatever its files say: a tokenizer that has them. */
  const qwenTokenizer = (): object => {
    // As bytes have it, a space is Ġ.
    const json = JSON.parse(JSON.stringify(letterTokenizer()).replace('" ":3', '"Ġ":3')) as object;
    const pieces = {
      type: 'Split',
      pattern: {
        Regex:
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
      },
      behavior: 'Isolated',
      invert: false,
    };
    const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
    return {
      ...json,
      normalizer: { type: 'NFC' },
      pre_tokenizer: { type: 'Sequence', pretokenizers: [pieces, bytes] },
    };
  };

  const ours = ({ tokenizer }: LanguageModel) => ({
    bos: tokenizer.start,
    eos: tokenizer.end,
    pad: null,
    size: tokenizer.size,
    ids: texts.map((text) => tokenizer.encode(text)),
  });

  test('reads of every family the ids and the special tokens that are here', async () => {
    const models = await Promise.all(FAMILIES.map((family) => modelOf(family)));
    models.push(await modelOf('qwen2-tied', undefined, qwenTokenizer()));
    models.push(await catalogModel(texts.slice(0, 4), { vocabSize: 270, width: 8, heads: 2, context: 8, epochs: 1 }));
    const folders: string[] = [];
    for (const languageModel of models) folders.push(await saved(languageModel));
    const theirs = await python(folders);
    for (const [i, languageModel] of models.entries()) expect([i, theirs[i]]).toMatchObject([i, ours(languageModel)]);
  });

  test('reads of a model from elsewhere what it reads of the original', async () => {
    const folders: string[] = [];
    for (const name of ['mistral-layer-types', 'tied-flag-own-head-llama']) {
      const original = here(`../fixtures/models/${name}`);
      folders.push(original, await saved(await loadLanguageModel(original)));
    }
    const [a, savedA, b, savedB] = await python(folders);
    expect([savedA, savedB]).toEqual([a, b]);
    expect([a.bos, a.eos]).toEqual([0, 1]);
  });
});
