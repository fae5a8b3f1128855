import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { int32, pick, readSafetensors, specsOf, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { ready } from '../shared/runtime.ts';
import { embedWords, hiddenStates } from './decoders/decode.ts';
import { causalMask } from './decoders/masks.ts';
import { type LanguageModel, type TokenRows, tokenRows, wordLogits } from './language-model.ts';
import { loadLanguageModel } from './load-language-model.ts';

/** Ids and values of Hugging Face's transformers, written by `python/tests/smollm2_values.py`. */
const fixture = fileURLToPath(new URL('../fixtures/smollm2', import.meta.url));
const folder = process.env.LEA_SMOLLM2;

interface Text {
  readonly text: string;
  /** Start token, tokens of the text, end token. */
  readonly ids: readonly number[];
  /** Positions with reference values. */
  readonly positions: readonly number[];
}

/**
 * Hidden states of all layers, [texts, positions, layers + 1, width], and logits of the next words, [texts, positions, 1, words].
 */
async function valuesOf({ config, params }: LanguageModel, { ids, count, context }: TokenRows): Promise<Values> {
  const T = context + 1;
  const inputs = { ids: int32(ids, [count, T]) };
  const runner = await ready(
    ({ inputs: { ids }, frozen }) => {
      const states = hiddenStates(frozen, config, embedWords(frozen, config, ids!), { mask: causalMask(T) });
      const logits = wordLogits(frozen, config, tf.reshape(states.at(-1)!, [count * T, config.width]));
      return { state: {}, outputs: { hidden: tf.stack(states, 2), logits: tf.reshape(logits, [count, T, 1, -1]) } };
    },
    { inputs: specsOf(inputs), frozen: specsOf(params) },
    { threads: undefined, backend: undefined },
    'direct',
  );
  const { outputs } = await runner.run({ inputs, frozen: params });
  await runner.dispose();
  return outputs;
}

/** The vectors [..., size] of a value at the positions of texts that have reference values. */
function vectorsOf({ data, shape: [, T, each, size] }: Value, texts: readonly Text[]): Float32Array[] {
  const at = (vector: number) => (data as Float32Array).subarray(vector * size!, (vector + 1) * size!);
  return texts.flatMap(({ positions }, row) =>
    positions.flatMap((position) => Array.from({ length: each! }, (_, i) => at((row * T! + position) * each! + i))),
  );
}

const sum = (x: Float32Array): number => x.reduce((total, value) => total + value, 0);
const norm = (x: Float32Array): number => Math.sqrt(x.reduce((total, value) => total + value * value, 0));

/** Largest relative difference of vectors from their reference: of selected columns, of the norm, and of the sum. */
function differences(vectors: readonly Float32Array[], reference: Values): Record<string, number> {
  const { columns, norm: norms, sum: sums } = reference;
  const size = columns!.shape.at(-1)!;
  expect(vectors).toHaveLength(norms!.data.length);
  const worst = { columns: 0, norm: 0, sum: 0 };
  vectors.forEach((ours, i) => {
    const theirs = (columns!.data as Float32Array).subarray(i * size, (i + 1) * size);
    const stride = ours.length / size;
    const length = norms!.data[i]!;
    const found = {
      columns: norm(theirs.map((value, c) => value - ours[c * stride]!)) / norm(theirs),
      norm: Math.abs(norm(ours) - length) / length,
      // The sum of a vector is at most its norm times the root of its size.
      sum: Math.abs(sum(ours) - sums!.data[i]!) / (length * Math.sqrt(ours.length)),
    };
    for (const key of ['columns', 'norm', 'sum'] as const) worst[key] = Math.max(worst[key], found[key]);
  });
  return worst;
}

describe.runIf(folder)('SmolLM2 (LEA_SMOLLM2 names the folder that `npm run smollm2` writes)', () => {
  test.each([
    ['gguf', 'model.gguf'],
    ['folder', '.'],
  ])('%s: ids, hidden states of all layers and logits are those of transformers', async (name, path) => {
    const texts: Text[] = JSON.parse(await readFile(`${fixture}/texts.json`, 'utf8'));
    const { tensors } = await readSafetensors(`${fixture}/values.safetensors`);
    const languageModel = await loadLanguageModel(join(folder!, path));
    const { tokenizer } = languageModel;
    const ids = texts.map(({ text }) => [tokenizer.start, ...tokenizer.encode(text), tokenizer.end]);
    expect(ids).toEqual(texts.map(({ ids }) => ids));

    const longest = Math.max(...ids.map((row) => row.length));
    const read = texts.map(({ text }) => text);
    const values = await valuesOf(languageModel, tokenRows(tokenizer, read, longest - 1));
    for (const key of ['hidden', 'logits']) {
      const found = differences(vectorsOf(values[key]!, texts), pick(`${name}.${key}.`, tensors));
      for (const [what, difference] of Object.entries(found)) expect(difference, `${key}, ${what}`).toBeLessThan(1e-5);
    }
  });
});
