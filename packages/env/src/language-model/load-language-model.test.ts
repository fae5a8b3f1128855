import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LeaError } from '@lea/core';
import { float32, readSafetensors, type Values, writeSafetensors } from '@lea/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { letterTokenizer } from '../testing.ts';
import { catalogModel } from './catalog-model.ts';
import { loadLanguageModel } from './load-language-model.ts';
import { saveLanguageModel } from './save-language-model.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/decoders/${name}`, import.meta.url));

let root = '';
let dir = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lea-model-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A folder as the hub has it, of one of the tiny checkpoints. */
async function folderOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(root, `${name}-`));
  for (const file of ['config.json', 'model.safetensors']) {
    await copyFile(join(fixture(name), file), join(folder, file));
  }
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
  return folder;
}

async function weights(): Promise<Values> {
  return (await readSafetensors(join(dir, 'model.safetensors'))).tensors;
}

/** Replaces `model.safetensors` by an index and two shards. */
async function shard(): Promise<string[]> {
  const all = Object.entries(await weights());
  const files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const map: Record<string, string> = {};
  for (const [i, file] of files.entries()) {
    const part = Object.fromEntries(all.filter((_, n) => n % 2 === i));
    for (const name of Object.keys(part)) map[name] = file;
    await writeSafetensors(join(dir, file), part);
  }
  await writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  await rm(join(dir, 'model.safetensors'));
  return files;
}

async function edit(file: string, change: (content: Record<string, unknown>) => void): Promise<void> {
  const content = JSON.parse(await readFile(join(dir, file), 'utf8')) as Record<string, unknown>;
  change(content);
  await writeFile(join(dir, file), JSON.stringify(content));
}

describe('a folder', () => {
  beforeEach(async () => {
    dir = await folderOf('llama');
  });

  test('gives back a catalog model as it was saved', async () => {
    const texts = ['steel bolt', 'copper wire', 'steel wire'];
    const options = { vocabSize: 270, width: 8, heads: 2, kvHeads: 1, context: 8, epochs: 1 };
    const languageModel = await catalogModel(texts, options);
    await saveLanguageModel(languageModel, dir);
    const again = await loadLanguageModel(dir);
    expect(again.config).toEqual(languageModel.config);
    expect(again.hash).toBe(languageModel.hash);
    expect(again.tokenizer.encode('steel wire')).toEqual(languageModel.tokenizer.encode('steel wire'));
    expect(again.context).toBe(8);
  });

  test('gives back how many tokens of a text are read, and the perplexity that was measured', async () => {
    const texts = Array.from({ length: 8 }, (_, i) => `steel bolt ${i}`);
    const options = { vocabSize: 270, width: 8, heads: 2, context: 100, epochs: 1, validationShare: 0.25 };
    const languageModel = await catalogModel(texts, options);
    await saveLanguageModel(languageModel, dir);
    const again = await loadLanguageModel(dir);
    expect([again.context, again.perplexity]).toEqual([100, languageModel.perplexity]);
    expect(languageModel.perplexity).toBeGreaterThan(1);
    const shorter = await loadLanguageModel(dir, { context: 30 });
    await saveLanguageModel(shorter, join(dir, 'again'));
    expect((await loadLanguageModel(join(dir, 'again'))).context).toBe(30);
  });

  test.each(['llama', 'gpt2', 'qwen2-tied', 'gemma3'])('of %s comes back from where it is saved', async (name) => {
    dir = await folderOf(name);
    const languageModel = await loadLanguageModel(dir);
    const copy = join(dir, 'copy');
    await saveLanguageModel(languageModel, copy);
    const again = await loadLanguageModel(copy);
    expect(again.hash).toBe(languageModel.hash);
    expect([again.tokenizer.start, again.tokenizer.end]).toEqual([
      languageModel.tokenizer.start,
      languageModel.tokenizer.end,
    ]);
  });

  test('may be in shards, without the beginning of the names, and with what every reader computes', async () => {
    const whole = await loadLanguageModel(dir);
    const short = Object.entries(await weights()).map(([name, value]) => [name.replace(/^model\./, ''), value]);
    const extra = { 'layers.0.self_attn.rotary_emb.inv_freq': float32([1]) };
    await writeSafetensors(join(dir, 'model.safetensors'), { ...Object.fromEntries(short), ...extra });
    await shard();
    expect((await loadLanguageModel(dir)).hash).toBe(whole.hash);
  });

  test('in half precision is read as float32', async () => {
    const { tensors } = await readSafetensors(join(dir, 'model.safetensors'));
    const norm = tensors['model.norm.weight']!.data;
    const header: Record<string, unknown> = {};
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      // bfloat16 by cutting: the upper half of each float32.
      const bits = new Uint32Array((data as Float32Array).buffer);
      const bytes = new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer);
      header[name] = { dtype: 'BF16', shape, data_offsets: [at, at + bytes.length] };
      parts.push(bytes);
      at += bytes.length;
    }
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    await writeFile(join(dir, 'model.safetensors'), Buffer.concat([size, text, ...parts]));
    const read = (await loadLanguageModel(dir)).params['model.norm.weight']!;
    expect(read.dtype).toBe('float32');
    read.data.forEach((value, i) => void expect(Math.abs(value - norm[i]!)).toBeLessThan(0.008 * Math.abs(norm[i]!)));
  });

  test('without the word on ties is tied when it has no output layer', async () => {
    await edit('config.json', (config) => delete config.tie_word_embeddings);
    expect((await loadLanguageModel(dir)).params).toHaveProperty('lm_head.weight');
    const { 'lm_head.weight': _, ...rest } = await weights();
    await writeSafetensors(join(dir, 'model.safetensors'), rest);
    expect((await loadLanguageModel(dir)).params).not.toHaveProperty('lm_head.weight');
  });

  test.each(['llama', 'gpt2', 'gemma2'])('of %s that is said to be tied may have an output layer', async (name) => {
    dir = await folderOf(name);
    await edit('config.json', (config) => Object.assign(config, { tie_word_embeddings: true }));
    const { 'lm_head.weight': _, ...rest } = await weights();
    const words = rest['model.embed_tokens.weight'] ?? rest['transformer.wte.weight']!;
    // The word vectors once more.
    await writeSafetensors(join(dir, 'model.safetensors'), { ...rest, 'lm_head.weight': words });
    expect((await loadLanguageModel(dir)).params).not.toHaveProperty('lm_head.weight');
    const own = { ...words, data: Float32Array.from(words.data).fill(0.5, -1) };
    await writeSafetensors(join(dir, 'model.safetensors'), { ...rest, 'lm_head.weight': own });
    const languageModel = await loadLanguageModel(dir);
    expect(languageModel.params['lm_head.weight']!.data).toEqual(own.data);
    // Elsewhere the flag goes first: it must say what the weights are.
    await saveLanguageModel(languageModel, join(dir, 'copy'));
    const saved = JSON.parse(await readFile(join(dir, 'copy', 'config.json'), 'utf8'));
    expect(saved.tie_word_embeddings).toBe(false);
    expect((await loadLanguageModel(join(dir, 'copy'))).hash).toBe(languageModel.hash);
  });

  test('says with which tokens texts begin and end', async () => {
    expect((await loadLanguageModel(dir)).tokenizer).toMatchObject({ start: 1, end: 2 });
    await edit('config.json', (config) => Object.assign(config, { bos_token_id: null, eos_token_id: [5, 2] }));
    expect((await loadLanguageModel(dir)).tokenizer).toMatchObject({ start: 5, end: 5 });
    const described = { bos_token: { content: '<s>' }, eos_token: '</s>' };
    await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(described));
    expect((await loadLanguageModel(dir)).tokenizer).toMatchObject({ start: 1, end: 2 });
  });
});

describe('what is wrong is named, with the way out', () => {
  beforeEach(async () => {
    dir = await folderOf('llama');
  });

  const fails = async (code: string, message: RegExp): Promise<void> => {
    const error = await loadLanguageModel(dir).then(
      () => undefined,
      (error: unknown) => error as LeaError,
    );
    expect(error).toBeInstanceOf(LeaError);
    expect([error!.code, error!.message]).toEqual([code, expect.stringMatching(message)]);
  };

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['an unknown family', { model_type: 'mamba' }, /"model_type".*"mamba".*llama, mistral, qwen2, qwen3, gpt2/],
    ['a family that is misspelt', { model_type: 'lama' }, /Did you mean "llama"/],
    ['no family', { model_type: undefined }, /missing/],
    ['a family that is a property of objects', { model_type: 'constructor' }, /Supported values/],
    ['an unknown activation', { hidden_act: 'relu2' }, /"hidden_act".*silu/],
    [
      'an unknown stretching of positions',
      { rope_parameters: { rope_type: 'yarn', factor: 4 } },
      /"rope_type".*llama3/,
    ],
    ['quantized weights', { quantization_config: { bits: 4 } }, /Quantized/],
    ['no size', { hidden_size: undefined }, /"hidden_size".*missing/],
    ['an absurd size', { num_hidden_layers: 1e300 }, /"num_hidden_layers".*whole number/],
    ['more layers than there can be', { num_hidden_layers: 1e9 }, /"num_hidden_layers".*at most 4096/],
    ['a size that is a text', { num_attention_heads: '4' }, /"num_attention_heads"/],
    ['heads that do not divide', { num_key_value_heads: 3 }, /multiple of kvHeads/],
    ['a flag that is a text', { tie_word_embeddings: 'yes' }, /true or false/],
  ])('in config.json: %s', async (_, change, message) => {
    await edit('config.json', (config) => Object.assign(config, change));
    await fails('E_MODEL_UNSUPPORTED', message);
  });

  test('in config.json: no JSON, or none that is an object', async () => {
    for (const content of ['nonsense', '[]', 'null', '']) {
      await writeFile(join(dir, 'config.json'), content);
      await fails('E_MODEL_UNSUPPORTED', /not a JSON object.*config\.json/);
    }
    await rm(join(dir, 'config.json'));
    await fails('E_FILE_MISSING', /config\.json/);
  });

  test('GPT-2 with features that are not computed', async () => {
    dir = await folderOf('gpt2');
    await edit('config.json', (config) => Object.assign(config, { scale_attn_by_inverse_layer_idx: true }));
    await fails('E_MODEL_UNSUPPORTED', /scale_attn_by_inverse_layer_idx/);
  });

  test('weights of another shape, missing ones, and integers', async () => {
    await edit('config.json', (config) => Object.assign(config, { intermediate_size: 48 }));
    await fails('E_MODEL_WEIGHTS', /gate_proj.weight" in .*model\.safetensors.*F32\[64, 32\].*\[48, 32\]/);
    dir = await folderOf('llama');
    const { 'model.layers.1.mlp.up_proj.weight': up, ...rest } = await weights();
    await writeSafetensors(join(dir, 'model.safetensors'), rest);
    await fails('E_MODEL_WEIGHTS', /layers\.1\.mlp\.up_proj\.weight.*missing/);
    const whole = { dtype: 'int32', shape: up!.shape, data: new Int32Array(up!.data.length) } as const;
    await writeSafetensors(join(dir, 'model.safetensors'), { ...rest, 'model.layers.1.mlp.up_proj.weight': whole });
    await fails('E_MODEL_WEIGHTS', /I32\[64, 32\].*Expected a tensor of type F32/);
  });

  test.each([Number.NaN, Infinity, -Infinity])('weights with %s', async (value) => {
    const all = await weights();
    const { data } = all['model.layers.1.mlp.up_proj.weight']!;
    data[data.length - 1] = value;
    await writeSafetensors(join(dir, 'model.safetensors'), all);
    await fails(
      'E_MODEL_WEIGHTS',
      new RegExp(`layers\\.1\\.mlp\\.up_proj.*model\\.safetensors.* not finite.*${value}`),
    );
  });

  test.each([
    'model.layers.0.self_attn.q_proj.bias',
    'model.layers.2.input_layernorm.weight',
    'model.layers.0.self_attn.q_norm.weight',
    'model.vision_tower.weight',
    'lm_head.bias',
    'embed_tokens.weight',
    '__proto__',
  ])('weights that config.json does not announce: %s', async (name) => {
    const all = Object.entries(await weights());
    const more = Object.fromEntries([...all, [name, float32([1, 2])]]);
    await writeSafetensors(join(dir, 'model.safetensors'), more);
    await fails('E_MODEL_WEIGHTS', new RegExp(`"${name}" in .* does not belong to the model.*F32\\[2\\]`));
    await shard();
    await fails('E_MODEL_WEIGHTS', new RegExp(`"${name}" in .* does not belong`));
  });

  test('no weights, pickled weights', async () => {
    await rm(join(dir, 'model.safetensors'));
    await fails('E_FILE_MISSING', /model\.safetensors\.index\.json/);
    await writeFile(join(dir, 'pytorch_model.bin'), '');
    await fails('E_FILE_MISSING', /can run code/);
  });

  test('a missing shard, a cut shard, an index that reaches outside', async () => {
    const files = await shard();
    const path = join(dir, files[1]!);
    const content = await readFile(path);
    await writeFile(path, content.subarray(0, content.length - 10));
    await fails('E_SAFETENSORS', /may be truncated.*00002-of-00002/);
    await rm(path);
    await fails('E_MODEL_WEIGHTS', /00002-of-00002/);
    for (const weight_map of [{ a: '../../secret.safetensors' }, { a: '/etc/x.safetensors' }, { a: 5 }, {}, null]) {
      await writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
      await fails('E_MODEL_WEIGHTS', /"weight_map"/);
    }
  });

  test('a header of an absurd size is refused before it is allocated', async () => {
    const huge = Buffer.alloc(16);
    huge.writeBigUInt64LE(2n ** 62n);
    await writeFile(join(dir, 'model.safetensors'), huge);
    await fails('E_SAFETENSORS', /header of 4611686018427388000 bytes/);
  });

  test('tokenizers: none, broken, without what is needed, of another model', async () => {
    await rm(join(dir, 'tokenizer.json'));
    await fails('E_FILE_MISSING', /tokenizer\.json/);
    await writeFile(join(dir, 'tokenizer.json'), '{"model": 5}');
    await fails('E_TOKENIZER', /tokenizer\.json/);
    await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
    await writeFile(join(dir, 'tokenizer_config.json'), '{"bos_token":"<bos>"}');
    await fails('E_TOKENIZER', /lacks the start or end token.*"<bos>"/);
    for (const file of ['tokenizer_config.json', 'tokenizer.json']) {
      const whole = await readFile(join(dir, file));
      await writeFile(join(dir, file), whole.subarray(0, 10));
      await fails('E_TOKENIZER', new RegExp(`not a JSON object.*${file}`));
      await writeFile(join(dir, file), whole);
    }
    await rm(join(dir, 'tokenizer_config.json'));
    await edit('config.json', (config) => Object.assign(config, { eos_token_id: 95 }));
    await fails('E_TOKENIZER', /lacks the start or end token.*95/);
    await edit('config.json', (config) => Object.assign(config, { eos_token_id: 2 }));
    await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(letterTokenizer(120)));
    await fails('E_TOKENIZER', /more tokens than the 96 of the model.*120/);
  });

  test('200,000 levels of JSON, in any file', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const [file, code] of [
      ['config.json', 'E_MODEL_UNSUPPORTED'],
      ['tokenizer.json', 'E_TOKENIZER'],
      ['tokenizer_config.json', 'E_TOKENIZER'],
      ['model.safetensors.index.json', 'E_MODEL_UNSUPPORTED'],
    ] as const) {
      dir = await folderOf('llama');
      if (file === 'model.safetensors.index.json') await rm(join(dir, 'model.safetensors'));
      await writeFile(join(dir, file), `{"model_type":${deep}}`);
      await fails(code, new RegExp(`more than 100 levels.*${file}`));
    }
    dir = await folderOf('llama');
    const header = Buffer.from(`{"model.norm.weight":{"dtype":${deep},"shape":[32],"data_offsets":[0,128]}}`);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    await writeFile(join(dir, 'model.safetensors'), Buffer.concat([size, header, Buffer.alloc(128)]));
    await fails('E_SAFETENSORS', /dtype/);
  });

  test('a context that the model has no positions for', async () => {
    await expect(loadLanguageModel(dir, { context: 65 })).rejects.toThrow('64 positions');
    expect((await loadLanguageModel(dir, { context: 64 })).context).toBe(64);
  });

  test('garbled and cut weights give a LeaError or a model, never anything else', async () => {
    const path = join(dir, 'model.safetensors');
    const good = await readFile(path);
    const header = 8 + Number(good.readBigUInt64LE(0));
    await fc.assert(
      fc.asyncProperty(fc.nat(header), fc.nat(255), fc.nat(good.length), async (at, byte, cut) => {
        const broken = Buffer.from(good.subarray(0, Math.max(cut, header)));
        broken[at] = byte;
        await writeFile(path, broken);
        await loadLanguageModel(dir).catch((error) => expect(error).toBeInstanceOf(LeaError));
      }),
      { numRuns: 60 },
    );
    expect(await readdir(dir)).toHaveLength(3);
  });
});
