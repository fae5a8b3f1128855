import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32 } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { textVectors } from './text-vectors.ts';
import { normaliseTokens } from './tokens.ts';

test('a folder that is missing or is no model is named, with the files it needs', async () => {
  await expect(textVectors(['a'], { model: './no/such/folder' })).rejects.toMatchObject({ code: 'E_MODEL_MISSING' });
  const dir = await mkdtemp(join(tmpdir(), 'lea-model-'));
  await mkdir(join(dir, 'onnx'));
  await writeFile(join(dir, 'config.json'), '{}');
  await expect(textVectors(['a'], { model: dir })).rejects.toThrow('onnx/model_quantized.onnx');
  await rm(dir, { recursive: true });
});

test('texts must be there', async () => {
  await expect(textVectors(['a', ' '], { model: 'any' })).rejects.toThrow('index 1');
  await expect(textVectors([], { model: 'any' })).rejects.toMatchObject({ code: 'E_TEXT_EMPTY' });
});

describe.skipIf(!process.env.LEA_TEXT_MODEL)('a real model (LEA_TEXT_MODEL names its folder)', () => {
  const model = process.env.LEA_TEXT_MODEL!;

  test('like texts get like vectors, whatever the batches; the cache gives them again', async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), 'lea-vectors-'));
    const texts = ['red steel bolt', 'a poem about the sea '.repeat(20), 'blue steel bolt', 'x'.repeat(100_000)];
    const calls: number[] = [];
    const options = { model, cacheDir, batch: 2, onProgress: (done: number) => void calls.push(done) };
    const vectors = await textVectors(texts, options);
    const [count, size] = vectors.shape as [number, number];
    expect(count).toBe(4);
    const dot = (a: number, b: number): number => {
      let sum = 0;
      for (let d = 0; d < size; d++) sum += vectors.data[a * size + d]! * vectors.data[b * size + d]!;
      return sum;
    };
    expect(dot(0, 0)).toBeCloseTo(1, 4);
    expect(dot(0, 2)).toBeGreaterThan(dot(0, 1) + 0.3);
    expect(await textVectors(texts, options)).toEqual(vectors);
    expect(calls).toEqual([2, 4]);
    await rm(cacheDir, { recursive: true });
  });
});

test('item tokens are centred and scaled to 1', () => {
  const tokens = normaliseTokens(float32([1, 5, 3, 5], [2, 2]));
  expect([...tokens.data]).toEqual([-Math.SQRT2, 0, Math.SQRT2, 0].map((v) => expect.closeTo(v, 5)));
});
