import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from '@huggingface/transformers';
import { float32 } from '@lea/tensor';
import { node, writeModel } from '@lea/tensor/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { follow, writeTextModel } from '../testing.ts';
import { textModelHash } from './text-model-files.ts';
import { textVectors } from './text-vectors.ts';
import { normalizeTokens, withMoreTokens } from './tokens.ts';

test('a folder that is missing or is no model is named, with the files it needs', async () => {
  await expect(textVectors(['a'], { model: './no/such/folder' })).rejects.toMatchObject({ code: 'E_MODEL_MISSING' });
  const dir = await mkdtemp(join(tmpdir(), 'lea-model-'));
  await mkdir(join(dir, 'onnx'));
  await writeFile(join(dir, 'config.json'), '{}');
  await expect(textVectors(['a'], { model: dir })).rejects.toThrow('onnx/model_quantized.onnx');
  await rm(dir, { recursive: true });
});

async function modelWith(outputs: readonly string[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lea-model-'));
  await writeTextModel(dir, outputs);
  return dir;
}

test('a causal model without hidden states is refused, with the outputs that it has', async () => {
  const dir = await modelWith(['logits', 'present.0.key', 'present.0.value']);
  const error = await textVectors(['a'], { model: dir, dtype: 'fp32' }).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'E_MODEL_OUTPUT' });
  expect((error as Error).message).toContain('got logits, present.0.key, present.0.value.');
  await rm(dir, { recursive: true });
  // One that has both is read by its hidden states.
  const both = await modelWith(['logits', 'last_hidden_state']);
  expect(await textVectors(['a', 'bc'], { model: both, dtype: 'fp32' })).toEqual(float32([1, 1], [2, 1]));
  await rm(both, { recursive: true });
});

test('texts must be there', async () => {
  await expect(textVectors(['a', ' '], { model: 'any' })).rejects.toThrow('index 1');
  await expect(textVectors([], { model: 'any' })).rejects.toMatchObject({ code: 'E_TEXT_EMPTY' });
});

describe('a model whose tokens are letters: "a" is [1, 0], "b" is [0, 1]', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'lea-model-'));
  });
  afterAll(() => rm(root, { recursive: true }));

  async function letters(at: string, rows: Record<string, number[]> = { a: [1, 0], b: [0, 1] }): Promise<string> {
    const dir = join(root, at);
    await writeTextModel(dir, ['last_hidden_state']);
    const table = new Float32Array(92 * 2);
    // Ids of the letters: the printable characters follow three special tokens.
    for (const [letter, row] of Object.entries(rows)) table.set(row, 2 * (letter.charCodeAt(0) - 32 + 3));
    const model = writeModel({
      name: 'model',
      nodes: [node('Gather', ['table', 'input_ids'], ['last_hidden_state'])],
      initializers: [{ name: 'table', dtype: 'float32', shape: [92, 2], data: table }],
      inputs: ['input_ids', 'attention_mask'].map((name) => ({ name, dtype: 'int64', shape: ['texts', 'tokens'] })),
      outputs: [{ name: 'last_hidden_state', dtype: 'float32', shape: ['texts', 'tokens', 2] }],
    });
    await writeFile(join(dir, 'onnx', 'model.onnx'), model);
    return dir;
  }

  async function edit(path: string, change: (content: Record<string, unknown>) => void): Promise<void> {
    const content = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    change(content);
    await writeFile(path, JSON.stringify(content));
  }

  const vector = async (dir: string, text: string, cacheDir?: string): Promise<number[]> => [
    ...(await textVectors([text], { model: dir, dtype: 'fp32', cacheDir })).data,
  ];

  test('models in folders of the same name are not mistaken for each other; the settings of the peer stay', async () => {
    const [one, two] = [await letters('one/model'), await letters('two/model', { a: [0, 1] })];
    const settings = (): unknown[] => [env.localModelPath, env.allowLocalModels, env.allowRemoteModels];
    const before = settings();
    const work = Promise.all([one, two, one, two].map((dir) => vector(dir, 'a')));
    const meanwhile: unknown[][] = [];
    const watch = setInterval(() => meanwhile.push(settings()), 1);
    expect(await work).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
    clearInterval(watch);
    for (const seen of [...meanwhile, settings()]) expect(seen).toEqual(before);
  });

  test('a text is read up to the positions of the model, where the tokenizer says nothing or more', async () => {
    const dir = await letters('long');
    const text = `${'a'.repeat(10)}${'b'.repeat(40)}`;
    expect(await vector(dir, text)).not.toEqual([1, 0]);
    await edit(join(dir, 'config.json'), (config) => Object.assign(config, { max_position_embeddings: 10 }));
    expect(await vector(dir, text)).toEqual([1, 0]);
    await edit(join(dir, 'tokenizer_config.json'), (config) => delete config.model_max_length);
    expect(await vector(dir, text)).toEqual([1, 0]);
  });

  test('a model that fails on texts is named, with the first of them and the cause', async () => {
    const dir = await letters('failing');
    await edit(join(dir, 'tokenizer_config.json'), (config) => delete config.pad_token);
    await edit(join(dir, 'tokenizer.json'), (tokenizer) => Object.assign(tokenizer, { added_tokens: [] }));
    const error = await textVectors(['aaa', 'b', 'aa'], { model: dir, dtype: 'fp32' }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'E_MODEL_OUTPUT', message: expect.stringContaining('index 1') });
    expect((error as Error).cause).toBeInstanceOf(Error);
  });

  test('kept vectors are those of the tokenizer too', async () => {
    const dir = await letters('cached');
    const cacheDir = join(root, 'cache');
    expect(await vector(dir, 'a', cacheDir)).toEqual([1, 0]);
    await edit(join(dir, 'tokenizer.json'), (tokenizer) => {
      const { vocab } = tokenizer.model as { vocab: Record<string, number> };
      [vocab.a, vocab.b] = [vocab.b!, vocab.a!];
    });
    expect(await vector(dir, 'a', cacheDir)).toEqual([0, 1]);
  });

  test('the hash of a model depends on every file that its vectors depend on, and on no other', async () => {
    const dir = await letters('hashed');
    const seen = new Set([await textModelHash(dir, 'fp32')]);
    const onnx = ['model.onnx', 'model.onnx_data', 'model.onnx_data_1'].map((name) => `onnx/${name}`);
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', ...onnx]) {
      await writeFile(join(dir, file), 'changed');
      const { size } = seen;
      expect(seen.add(await textModelHash(dir, 'fp32')).size, file).toBe(size + 1);
    }
    await writeFile(join(dir, 'onnx/model_quantized.onnx'), 'changed');
    expect(seen).toContain(await textModelHash(dir, 'fp32'));
    expect(seen).not.toContain(await textModelHash(dir, 'q8'));
  });
});

test.each<[string, unknown]>([
  ['dtype', 'int4'],
  ['dtype', 'toString'],
  ['batch', 0],
  ['batch', -1],
  ['batch', 1.5],
  ['batch', Number.NaN],
  ['batch', Infinity],
  ['batch', '32'],
])('the option %s cannot be %s', async (name, value) => {
  await expect(textVectors(['a'], { model: 'any', [name]: value })).rejects.toMatchObject({
    code: 'E_OPTION_VALUE',
    message: expect.stringMatching(new RegExp(`textVectors: (invalid value for )?${name}\\b`)),
  });
});

describe.skipIf(!process.env.LEA_TEXT_MODEL)('a real model (LEA_TEXT_MODEL names its folder)', () => {
  const model = process.env.LEA_TEXT_MODEL!;

  test('like texts get like vectors, whatever the batches; the cache gives them again', async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), 'lea-vectors-'));
    const texts = ['red steel bolt', 'a poem about the sea '.repeat(20), 'blue steel bolt', 'x'.repeat(100_000)];
    const calls: number[] = [];
    const options = { model, cacheDir, batch: 2 };
    const vectors = await follow(textVectors(texts, options), ({ done }) => calls.push(done));
    const [count, size] = vectors.shape as [number, number];
    expect(count).toBe(4);
    const dot = (a: number, b: number): number => {
      let sum = 0;
      for (let d = 0; d < size; d++) sum += vectors.data[a * size + d]! * vectors.data[b * size + d]!;
      return sum;
    };
    expect(dot(0, 0)).toBeCloseTo(1, 4);
    expect(dot(0, 2)).toBeGreaterThan(dot(0, 1) + 0.3);
    expect(await follow(textVectors(texts, options), ({ done }) => calls.push(done))).toEqual(vectors);
    expect(calls).toEqual([2, 4]);
    await rm(cacheDir, { recursive: true });
  });
});

test('item tokens are centered and scaled to 1, further ones as the first were', () => {
  const tokens = normalizeTokens(float32([1, 5, 3, 5], [2, 2]));
  const near = (...values: number[]) => values.map((v) => expect.closeTo(v, 5));
  expect([...tokens.vectors.data]).toEqual(near(-Math.SQRT2, 0, Math.SQRT2, 0));
  const more = withMoreTokens(tokens, float32([3, 5, 2, 6], [2, 2]));
  expect(more.vectors.shape).toEqual([4, 2]);
  expect([...more.vectors.data]).toEqual(near(-Math.SQRT2, 0, Math.SQRT2, 0, Math.SQRT2, 0, 0, Math.SQRT2));
});
