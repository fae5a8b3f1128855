import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fold, integers, key } from '@lea/core';
import { readSafetensors } from '@lea/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadLanguageModel } from '../load-language-model.ts';
import { saveLanguageModel } from '../save-language-model.ts';
import { tokenizerFrom } from '../tokenizer.ts';
import { openGguf } from './header.ts';
import { BLOCK_TYPES, readBlocks } from './quantization.ts';
import { ggufTokenizer } from './tokenizer.ts';

// The files are made by `python/tests/make_gguf.py`, which checks them against the reading of transformers.
const at = (name: string): string => fileURLToPath(new URL(`../../fixtures/gguf/${name}`, import.meta.url));
const decoder = (name: string): string => fileURLToPath(new URL(`../../fixtures/decoders/${name}`, import.meta.url));
const json = async (name: string) => JSON.parse(await readFile(at(name), 'utf8'));

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lea-gguf-'));
});
afterAll(() => rm(root, { recursive: true }));

const models = ['llama', 'mistral', 'qwen2-tied', 'qwen3', 'gemma2', 'gemma3', 'phi3', 'gpt2'];

test.each(models)('%s: the weights are those of the folder it was made from', async (name) => {
  const { params } = await loadLanguageModel(at(`${name}.gguf`));
  const { tensors } = await readSafetensors(join(decoder(name), 'model.safetensors'));
  expect(Object.keys(params).sort()).toEqual(Object.keys(tensors).sort());
  for (const [key, { data, shape }] of Object.entries(params)) {
    expect(shape).toEqual(tensors[key]!.shape);
    const right = tensors[key]!.data;
    // Gemma's norms are stored plus one: that rounds them.
    const tolerance = name.startsWith('gemma') && key.endsWith('norm.weight') ? 2e-7 : 0;
    expect(data.every((value, i) => Math.abs(value - right[i]!) <= tolerance)).toBe(true);
  }
});

test.each(models)('%s: the config is that of the folder, but for what GGUF does not say', async (name) => {
  const { config } = await loadLanguageModel(at(`${name}.gguf`));
  const folder = join(root, `config-${name}`);
  await copyFolder(name, folder);
  const right = (await loadLanguageModel(folder)).config;
  const { attentionScale, windowLayers, normEps, ...rest } = config;
  const { attentionScale: _, windowLayers: layers, normEps: eps, ...wanted } = right;
  expect(rest).toEqual(wanted);
  expect(normEps).toBeCloseTo(eps, 9);
  // The window's pattern is the architecture's: two layers of Gemma 3 both have it.
  if (name !== 'gemma3') expect(windowLayers).toEqual(layers);
});

/** The model of a folder beside the tokenizer of the GGUF file, which the folders of the fixtures lack. */
async function copyFolder(name: string, to: string): Promise<void> {
  const languageModel = await loadLanguageModel(at(`${name}.gguf`));
  await saveLanguageModel(languageModel, to);
  await writeFile(join(to, 'config.json'), await readFile(join(decoder(name), 'config.json')));
}

test('Llama 3 keeps factors in place of its rule: only those of a known rule are read', async () => {
  await expect(loadLanguageModel(at('llama-rope3-tied.gguf'))).resolves.toMatchObject({
    config: { ropeScaling: { type: 'llama3', factor: 4, low: 1, high: 4, length: 32 } },
  });
});

test('a model from a GGUF file is saved as a folder that loads as the same model', async () => {
  const languageModel = await loadLanguageModel(at('qwen3.gguf'), { context: 7 });
  const folder = join(root, 'saved');
  await saveLanguageModel(languageModel, folder);
  const again = await loadLanguageModel(folder);
  expect(again.hash).toBe(languageModel.hash);
  expect(again.context).toBe(7);
});

test.each(['F16', 'BF16', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'Q4_K', 'Q5_K', 'Q6_K'])(
  'blocks of %s',
  async (name) => {
    const { id, bytes, numbers } = (await json('blocks.json'))[name];
    const type = BLOCK_TYPES.get(id)!;
    expect(type.name).toBe(name);
    const raw = Buffer.from(bytes, 'base64');
    const right = new Float32Array(Uint8Array.from(Buffer.from(numbers, 'base64')).buffer);
    const found = new Float32Array(right.length);
    readBlocks(type, new DataView(raw.buffer, raw.byteOffset, raw.length), found);
    expect(raw.length / type.bytes).toBe(right.length / type.values);
    right.forEach((value, i) => {
      expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(2e-7 * Math.max(1, Math.abs(value)));
    });
  },
);

test.each(['gpt-2', 'smollm', 'llama-bpe', 'qwen2', 'llama', 'gemma2'])('the tokenizer %s', async (name) => {
  const file = await openGguf(at(`tokenizer-${name}.gguf`));
  const special = {
    start: file.metadata['tokenizer.ggml.bos_token_id'] as number,
    end: file.metadata['tokenizer.ggml.eos_token_id'] as number,
  };
  const tokenizer = tokenizerFrom(ggufTokenizer(file, name === 'gemma2' ? 'gemma2' : 'llama'), special);
  const { texts, ids } = await json('tokenizers.json');
  expect(texts.map((text: string) => tokenizer.encode(text))).toEqual(ids[name]);
});

test('splits that are not known are refused by name', async () => {
  const file = await openGguf(at('tokenizer-smollm.gguf'));
  const other = { ...file, metadata: { ...file.metadata, 'tokenizer.ggml.pre': 'tekken' } };
  expect(() => ggufTokenizer(other, 'llama')).toThrow(
    expect.objectContaining({ code: 'E_TOKENIZER', value: 'tekken' }),
  );
});

test('a missing file and a folder without a config say so', async () => {
  const missing = join(root, 'none.gguf');
  await expect(loadLanguageModel(missing)).rejects.toMatchObject({ code: 'E_FILE_MISSING', value: missing });
  const empty = join(root, 'empty.gguf');
  await writeFile(empty, '');
  await expect(loadLanguageModel(empty)).rejects.toMatchObject({ code: 'E_GGUF', value: empty });
});

test('wherever a file is cut, it is refused', async () => {
  const whole = await readFile(at('llama-rope3-tied.gguf'));
  const path = join(root, 'cut.gguf');
  for (let i = 0; i < 40; i++) {
    const length = 5 + Math.floor(((whole.length - 6) * i) / 39);
    await writeFile(path, whole.subarray(0, length));
    await expect(loadLanguageModel(path), `${length} bytes`).rejects.toMatchObject({ name: 'LeaError' });
  }
});

test('damaged headers are refused by a named error, whatever byte is wrong', async () => {
  const whole = await readFile(at('tokenizer-llama.gguf'));
  const path = join(root, 'damaged.gguf');
  const draw = key(5);
  for (let i = 0; i < 150; i++) {
    const damaged = Buffer.from(whole);
    const [place, byte] = [integers(fold(draw, i), 1, 300)[0]!, integers(fold(draw, -1 - i), 1, 256)[0]!];
    damaged[4 + place] = byte;
    await writeFile(path, damaged);
    // The file has no weights of a model: whatever happens it is a LeaError.
    await expect(loadLanguageModel(path), `${byte} at ${4 + place}`).rejects.toMatchObject({ name: 'LeaError' });
  }
});

test('sizes that a header announces are held against the file before anything is allocated', async () => {
  const whole = await readFile(at('tokenizer-llama.gguf'));
  const path = join(root, 'huge.gguf');
  const name = whole.indexOf('token_embd.weight', whole.length - 4000);
  const shape = name + 'token_embd.weight'.length + 4;
  const huge = Buffer.from(whole);
  huge.writeBigUInt64LE(2n ** 31n, shape);
  huge.writeBigUInt64LE(2n ** 20n, shape + 8);
  await writeFile(path, huge);
  await expect(openGguf(path)).rejects.toMatchObject({
    code: 'E_GGUF',
    message: expect.stringContaining('token_embd'),
  });
});
