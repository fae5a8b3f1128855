import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { float32, writeSafetensors } from '@lea/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { letterTokenizer } from '../testing.ts';
import { loadLanguageModel } from './load-language-model.ts';
import { modelFolder } from './testing.ts';

const folder = modelFolder();
const { folderOf, weights, shard, edit } = folder;

describe('what is wrong is named, with the way out', () => {
  const fails = async (code: string, message: RegExp): Promise<void> => {
    const error = await loadLanguageModel(folder.dir).then(
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
      await writeFile(join(folder.dir, 'config.json'), content);
      await fails('E_MODEL_UNSUPPORTED', /not a JSON object.*config\.json/);
    }
    await rm(join(folder.dir, 'config.json'));
    await fails('E_FILE_MISSING', /config\.json/);
  });

  test('GPT-2 with features that are not computed', async () => {
    folder.dir = await folderOf('gpt2');
    await edit('config.json', (config) => Object.assign(config, { scale_attn_by_inverse_layer_idx: true }));
    await fails('E_MODEL_UNSUPPORTED', /scale_attn_by_inverse_layer_idx/);
  });

  test('weights of another shape, missing ones, and integers', async () => {
    await edit('config.json', (config) => Object.assign(config, { intermediate_size: 48 }));
    await fails('E_MODEL_WEIGHTS', /gate_proj.weight" in .*model\.safetensors.*F32\[64, 32\].*\[48, 32\]/);
    folder.dir = await folderOf('llama');
    const { 'model.layers.1.mlp.up_proj.weight': up, ...rest } = await weights();
    await writeSafetensors(join(folder.dir, 'model.safetensors'), rest);
    await fails('E_MODEL_WEIGHTS', /layers\.1\.mlp\.up_proj\.weight.*missing/);
    const whole = { dtype: 'int32', shape: up!.shape, data: new Int32Array(up!.data.length) } as const;
    await writeSafetensors(join(folder.dir, 'model.safetensors'), {
      ...rest,
      'model.layers.1.mlp.up_proj.weight': whole,
    });
    await fails('E_MODEL_WEIGHTS', /I32\[64, 32\].*Expected a tensor of type F32/);
  });

  test.each([Number.NaN, Infinity, -Infinity])('weights with %s', async (value) => {
    const all = await weights();
    const { data } = all['model.layers.1.mlp.up_proj.weight']!;
    data[data.length - 1] = value;
    await writeSafetensors(join(folder.dir, 'model.safetensors'), all);
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
    await writeSafetensors(join(folder.dir, 'model.safetensors'), more);
    await fails('E_MODEL_WEIGHTS', new RegExp(`"${name}" in .* does not belong to the model.*F32\\[2\\]`));
    await shard();
    await fails('E_MODEL_WEIGHTS', new RegExp(`"${name}" in .* does not belong`));
  });

  test('a name of the hub: the error names the download', async () => {
    await expect(loadLanguageModel('Qwen/Qwen3-0.6B')).rejects.toMatchObject({
      code: 'E_FILE_MISSING',
      hint: expect.stringContaining("await downloadLanguageModel('Qwen/Qwen3-0.6B'"),
    });
    await expect(loadLanguageModel('./nowhere')).rejects.toMatchObject({ hint: expect.stringContaining('GGUF') });
  });

  test('no weights, pickled weights', async () => {
    await rm(join(folder.dir, 'model.safetensors'));
    await fails('E_FILE_MISSING', /model\.safetensors\.index\.json/);
    await writeFile(join(folder.dir, 'pytorch_model.bin'), '');
    await fails('E_FILE_MISSING', /can run code/);
  });

  test('a missing shard, a cut shard, an index that reaches outside', async () => {
    const files = await shard();
    const path = join(folder.dir, files[1]!);
    const content = await readFile(path);
    await writeFile(path, content.subarray(0, content.length - 10));
    await fails('E_SAFETENSORS', /may be truncated.*00002-of-00002/);
    await rm(path);
    await fails('E_MODEL_WEIGHTS', /00002-of-00002/);
    for (const weight_map of [{ a: '../../secret.safetensors' }, { a: '/etc/x.safetensors' }, { a: 5 }, {}, null]) {
      await writeFile(join(folder.dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
      await fails('E_MODEL_WEIGHTS', /"weight_map"/);
    }
  });

  test('a header of an absurd size is refused before it is allocated', async () => {
    const huge = Buffer.alloc(16);
    huge.writeBigUInt64LE(2n ** 62n);
    await writeFile(join(folder.dir, 'model.safetensors'), huge);
    await fails('E_SAFETENSORS', /header of 4611686018427388000 bytes/);
  });

  test('tokenizers: none, broken, without what is needed, of another model', async () => {
    await rm(join(folder.dir, 'tokenizer.json'));
    await fails('E_FILE_MISSING', /tokenizer\.json/);
    await writeFile(join(folder.dir, 'tokenizer.json'), '{"model": 5}');
    await fails('E_TOKENIZER', /tokenizer\.json/);
    await writeFile(join(folder.dir, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
    await writeFile(join(folder.dir, 'tokenizer_config.json'), '{"bos_token":"<bos>"}');
    await fails('E_TOKENIZER', /lacks the start or end token.*"<bos>"/);
    for (const file of ['tokenizer_config.json', 'tokenizer.json']) {
      const whole = await readFile(join(folder.dir, file));
      await writeFile(join(folder.dir, file), whole.subarray(0, 10));
      await fails('E_TOKENIZER', new RegExp(`not a JSON object.*${file}`));
      await writeFile(join(folder.dir, file), whole);
    }
    await rm(join(folder.dir, 'tokenizer_config.json'));
    await edit('config.json', (config) => Object.assign(config, { eos_token_id: 95 }));
    await fails('E_TOKENIZER', /lacks the start or end token.*95/);
    await edit('config.json', (config) => Object.assign(config, { eos_token_id: 2 }));
    await writeFile(join(folder.dir, 'tokenizer.json'), JSON.stringify(letterTokenizer(120)));
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
      folder.dir = await folderOf('llama');
      if (file === 'model.safetensors.index.json') await rm(join(folder.dir, 'model.safetensors'));
      await writeFile(join(folder.dir, file), `{"model_type":${deep}}`);
      await fails(code, new RegExp(`more than 100 levels.*${file}`));
    }
    folder.dir = await folderOf('llama');
    const header = Buffer.from(`{"model.norm.weight":{"dtype":${deep},"shape":[32],"data_offsets":[0,128]}}`);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    await writeFile(join(folder.dir, 'model.safetensors'), Buffer.concat([size, header, Buffer.alloc(128)]));
    await fails('E_SAFETENSORS', /dtype/);
  });

  test('a context that the model has no positions for', async () => {
    await expect(loadLanguageModel(folder.dir, { context: 65 })).rejects.toThrow('64 positions');
    expect((await loadLanguageModel(folder.dir, { context: 64 })).context).toBe(64);
  });

  test('garbled and cut weights give a LeaError or a model, never anything else', async () => {
    const path = join(folder.dir, 'model.safetensors');
    const good = await readFile(path);
    const header = 8 + Number(good.readBigUInt64LE(0));
    await fc.assert(
      fc.asyncProperty(fc.nat(header), fc.nat(255), fc.nat(good.length), async (at, byte, cut) => {
        const broken = Buffer.from(good.subarray(0, Math.max(cut, header)));
        broken[at] = byte;
        await writeFile(path, broken);
        await loadLanguageModel(folder.dir).catch((error) => expect(error).toBeInstanceOf(LeaError));
      }),
      { numRuns: 60 },
    );
    expect(await readdir(folder.dir)).toHaveLength(3);
  });
});
