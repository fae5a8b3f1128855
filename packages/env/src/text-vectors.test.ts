import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32 } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { writeTextModel } from './testing.ts';
import { textVectors } from './text-vectors.ts';
import { normaliseTokens, withMoreTokens } from './tokens.ts';

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
  expect((error as Error).message).toContain('Its outputs are: logits, present.0.key, present.0.value;');
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

test('item tokens are centred and scaled to 1, further ones as the first were', () => {
  const tokens = normaliseTokens(float32([1, 5, 3, 5], [2, 2]));
  const near = (...values: number[]) => values.map((v) => expect.closeTo(v, 5));
  expect([...tokens.vectors.data]).toEqual(near(-Math.SQRT2, 0, Math.SQRT2, 0));
  const more = withMoreTokens(tokens, float32([3, 5, 2, 6], [2, 2]));
  expect(more.vectors.shape).toEqual([4, 2]);
  expect([...more.vectors.data]).toEqual(near(-Math.SQRT2, 0, Math.SQRT2, 0, Math.SQRT2, 0, 0, Math.SQRT2));
});
