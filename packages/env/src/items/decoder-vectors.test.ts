import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { int32, specsOf, type Value } from '@lea/tensor';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decode, embedWords } from '../language-model/decoders/decode.ts';
import { causalMask } from '../language-model/decoders/masks.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { loadLanguageModel } from '../language-model/load-language-model.ts';
import { ready } from '../shared/runtime.ts';
import { decoderFolder, follow } from '../testing.ts';
import { type DecoderVectorOptions, decoderVectors } from './decoder-vectors.ts';

let root = '';
let folder = '';
let languageModel: LanguageModel;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lea-decoder-vectors-'));
  folder = await decoderFolder('llama', root);
  languageModel = await loadLanguageModel(folder);
});
afterAll(() => rm(root, { recursive: true }));

/** Texts of several lengths, some of them alike; the letters are the tokens. */
const texts = ['bolt', 'a steel bolt of 3 inches', 'b', 'steel bolt', 'copper wire, 20 feet', 'wire', 'x'.repeat(90)];

/** The mean of the last hidden states of one text, without batches or padding. */
async function meanByHand({ config, tokenizer, params }: LanguageModel, text: string, most = 64): Promise<number[]> {
  const tokens = tokenizer.encode(text).slice(0, most);
  const inputs = { ids: int32([tokenizer.start, ...tokens], [1, 1 + tokens.length]) };
  const runner = await ready(
    ({ inputs: { ids }, frozen }) => {
      const states = decode(frozen, config, embedWords(frozen, config, ids!), { mask: causalMask(1 + tokens.length) });
      return { state: {}, outputs: { states } };
    },
    { inputs: specsOf(inputs), frozen: specsOf(params) },
    { threads: 1, backend: 'cpu' },
    'direct',
  );
  const { states } = (await runner.run({ inputs, frozen: params })).outputs;
  await runner.dispose();
  const mean = new Array<number>(config.width).fill(0);
  for (let t = 1; t <= tokens.length; t++) {
    for (let d = 0; d < config.width; d++) mean[d]! += states!.data[t * config.width + d]! / tokens.length;
  }
  return mean;
}

function expectNear(vectors: Value, expected: readonly number[]): void {
  expect(vectors.data.length).toBe(expected.length);
  const far = expected.findIndex((value, i) => !(Math.abs(vectors.data[i]! - value) < 1e-5));
  expect(far < 0 ? 'near' : `${vectors.data[far]} for ${expected[far]} at ${far}`).toBe('near');
}

const vectorsOf = (options: Partial<DecoderVectorOptions> = {}): Promise<Value> =>
  decoderVectors(languageModel, texts, { threads: 1, ...options });

// Rotated positions, learned positions (at most 64), and layers that see a window only.
test.each(['llama', 'gpt2', 'gemma3'])(
  'a text of %s has the mean of its tokens after the start token',
  async (name) => {
    const model = await loadLanguageModel(await decoderFolder(name, root));
    const vectors = await decoderVectors(model, texts, { threads: 1 });
    expect(vectors).toMatchObject({ dtype: 'float32', shape: [texts.length, model.config.width] });
    const most = Math.min(64, (model.config.maxPositions ?? 65) - 1);
    const each = await Promise.all(texts.map((text) => meanByHand(model, text, most)));
    expectNear(vectors, each.flat());
  },
);

test('vectors hardly depend on the batch, on the order of the texts or on the backend', async () => {
  const expected = [...(await vectorsOf()).data];
  for (const batch of [1, 2, 3]) expectNear(await vectorsOf({ batch }), expected);
  expectNear(await vectorsOf({ backend: 'cpu' }), expected);
  const { width } = languageModel.config;
  const rows = texts.map((_, i) => expected.slice(i * width, (i + 1) * width));
  const reversed = await decoderVectors(languageModel, texts.toReversed(), { threads: 1, batch: 2 });
  expectNear(reversed, rows.toReversed().flat());
});

test('no more tokens of a text are read than asked for', async () => {
  const vectors = await vectorsOf({ maxTokens: 4 });
  expectNear(vectors, (await Promise.all(texts.map((text) => meanByHand(languageModel, text, 4)))).flat());
  expect([...(await decoderVectors(languageModel, ['bolt', 'bolted'], { maxTokens: 4, threads: 1 })).data]).toEqual(
    Array.from({ length: 2 }, () => [...vectors.data.slice(0, languageModel.config.width)]).flat(),
  );
});

test('progress counts tokens, from the longest text to the shortest', async () => {
  const seen: [number, number][] = [];
  await follow(decoderVectors(languageModel, ['ab', 'abcdefgh', 'abc'], { batch: 1, threads: 1 }), (event) => {
    expect(event).toMatchObject({ stage: 'decoder-vectors', unit: 'tokens' });
    seen.push([event.done, event.total!]);
  });
  expect(seen).toEqual([
    [8, 13],
    [11, 13],
    [13, 13],
  ]);
});

describe('the cache', () => {
  let cacheDir = '';
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(root, 'cache-'));
  });
  const cached = async (model: LanguageModel, some: readonly string[], options: Partial<DecoderVectorOptions> = {}) => {
    let tokens = 0;
    const work = decoderVectors(model, some, { threads: 1, batch: 2, cacheDir, ...options });
    const vectors = await follow(work, ({ done }) => {
      tokens = done;
    });
    return { vectors, tokens };
  };
  const files = async (): Promise<string[]> =>
    (await readdir(cacheDir, { recursive: true })).filter((name) => name.endsWith('.safetensors')).sort();
  const total = texts.reduce((sum, text) => sum + Math.min(64, text.length), 0);

  test('gives the same bits again, whatever the batch, and computes for other lengths and models', async () => {
    const first = await cached(languageModel, texts);
    expect(first.tokens).toBe(total);
    expect(first.vectors).toEqual(await vectorsOf({ batch: 2 }));
    expect(await cached(languageModel, texts, { batch: 3 })).toEqual({ vectors: first.vectors, tokens: 0 });
    expect((await cached(languageModel, texts, { maxTokens: 8 })).tokens).toBeGreaterThan(0);
    expect((await cached({ ...languageModel, hash: 'another' }, texts)).tokens).toBe(total);
    expect(await readdir(cacheDir)).toHaveLength(3);
  });

  test('has each text by itself: a changed catalog reads only its new texts', async () => {
    const first = await cached(languageModel, texts);
    const { width } = languageModel.config;
    const row = ({ data }: Value, i: number): number[] => [...data.slice(i * width, (i + 1) * width)];
    const later = await cached(languageModel, ['nail', texts[4]!, texts[0]!, 'nail']);
    expect(later.tokens).toBe('nail'.length);
    expect(row(later.vectors, 1)).toEqual(row(first.vectors, 4));
    expect(row(later.vectors, 2)).toEqual(row(first.vectors, 0));
    expect(row(later.vectors, 3)).toEqual(row(later.vectors, 0));
  });

  test('an interrupted run continues with the batch where it was, and ends with the same bits', async () => {
    const whole = await vectorsOf({ batch: 2 });
    const stop = new AbortController();
    let read = 0;
    const cut = decoderVectors(languageModel, texts, { threads: 1, batch: 2, cacheDir, signal: stop.signal });
    const stopped = follow(cut, ({ done }) => {
      read = done;
      stop.abort(new Error('enough'));
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(await files()).toHaveLength(1);
    expect(await cached(languageModel, texts)).toEqual({ vectors: whole, tokens: total - read });
  });

  test('a killed process loses less than a file of texts', async () => {
    const many = Array.from({ length: 600 }, (_, i) => `item ${i}`);
    const script = `
      import { decoderVectors, loadLanguageModel } from '@lea/env';
      const [folder, cacheDir, texts] = JSON.parse(process.argv[1]);
      const work = decoderVectors(await loadLanguageModel(folder), texts, { threads: 1, batch: 16, cacheDir });
      let calls = 0;
      for await (const _ of work) if (++calls === 20) process.kill(process.pid, 'SIGKILL');`;
    const args = JSON.stringify([folder, cacheDir, many]);
    const flags = ['--conditions=@lea/source', '--input-type=module', '--eval', script, args];
    const { signal } = spawnSync(process.execPath, flags, { cwd: import.meta.dirname });
    expect(signal).toBe('SIGKILL');
    // 16 batches of 16 texts are in a file, 4 batches are lost.
    expect(await files()).toHaveLength(1);
    const resumed: number[] = [];
    const work = decoderVectors(languageModel, many, { threads: 1, batch: 16, cacheDir });
    const vectors = await follow(work, ({ done }) => resumed.push(done));
    expect(resumed).toHaveLength(22);
    expect(vectors).toEqual(await decoderVectors(languageModel, many, { threads: 1, batch: 16 }));
  });

  test.each([
    ['cut', (content: Buffer) => content.subarray(0, 100)],
    ['changed', (content: Buffer) => content.map((byte, at) => (at === content.length - 1 ? byte ^ 1 : byte))],
  ])('a file that is %s is made again', async (_, damage) => {
    const first = await cached(languageModel, texts);
    const [file] = await files();
    const path = join(cacheDir, file!);
    await writeFile(path, damage(await readFile(path)));
    expect(await cached(languageModel, texts)).toEqual(first);
    expect(await files()).toEqual([file]);
    expect((await cached(languageModel, texts)).tokens).toBe(0);
  });
});

test('what is wrong is named', async () => {
  await expect(decoderVectors(languageModel, ['a', ' '])).rejects.toMatchObject({ code: 'E_TEXT_EMPTY' });
  await expect(decoderVectors(languageModel, ['a'], { maxTokens: 0 })).rejects.toMatchObject({
    code: 'E_OPTION_VALUE',
  });
  await expect(decoderVectors(languageModel, ['a'], { batch: 1.5 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  const unknown = decoderVectors(languageModel, ['a'], { tokens: 4 } as Partial<DecoderVectorOptions>);
  await expect(unknown).rejects.toMatchObject({ code: 'E_OPTION_UNKNOWN' });
  const stopped = decoderVectors(languageModel, ['a'], { signal: AbortSignal.abort(new Error('enough')) });
  await expect(stopped).rejects.toThrow('enough');
});
