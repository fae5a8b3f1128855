import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fold, key, normal } from '@lea/core';
import { historyWindows, windowsOf } from '@lea/data';
import { float32, int32, type Tensors, toTensor } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fitEnvironment } from '../fit/fit-environment.ts';
import { negativeSampler, segmentsOf } from '../fit/segments.ts';
import { encodedBetween } from '../inference/encoded.ts';
import { type Environment, loadEnvironment } from '../inference/environment.ts';
import { windowsAt } from '../inference/prefixes.ts';
import { learnItemTokens } from '../items/item-tokens.ts';
import { catalogModel } from '../language-model/catalog-model.ts';
import { decode, readPositions } from '../language-model/decoders/decode.ts';
import { causalMask } from '../language-model/decoders/masks.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { loadLanguageModel } from '../language-model/load-language-model.ts';
import { follow, letterTokenizer, rowsOf, usersOf } from '../testing.ts';
import { endsAfter, promptedStates, readPrompt } from './candidate-prompt.ts';

const PROMPT = 'Had {history}: {action}?';
const FAMILIES = ['llama', 'gpt2', 'mistral', 'gemma2'] as const;
const models = new Map<string, LanguageModel>();

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-prompt-'));
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
  for (const name of FAMILIES) {
    for (const file of ['config.json', 'model.safetensors']) {
      await copyFile(fileURLToPath(new URL(`../fixtures/decoders/${name}/${file}`, import.meta.url)), join(dir, file));
    }
    models.set(name, await loadLanguageModel(dir, { context: 12 }));
  }
});
afterAll(() => rm(dir, { recursive: true }));

describe.each(FAMILIES)('candidates of %s', (name) => {
  test('are read as if each stood alone after its own history', async () => {
    await tf.setBackend('cpu');
    const languageModel = models.get(name)!;
    const { config } = languageModel;
    const D = config.width;
    const params: Tensors = Object.fromEntries(
      Object.entries(languageModel.params).map(([n, value]) => [n, toTensor(value)]),
    );
    const { shape, words } = readPrompt('A{history}b {action}cd', languageModel);
    expect(shape).toEqual({ text: 'A{history}b {action}cd', before: 1, between: 2, after: 2 });
    expect(words.shape).toEqual([5, D]);
    // Five slots of history; one candidate after three of them, two after all.
    const history = tf.tensor(normal(key(1), 5 * D), [1, 5, D]);
    const actions = tf.tensor(normal(key(2), 3 * D), [1, 3, D]);
    const ends = [2, 4, 4];
    const hidden = ends.flatMap((end) => [0, 1, 2, 3, 4].map((slot) => (slot > end ? -1e9 : 0)));
    const { states, ends: found } = promptedStates(
      { ...params, 'prompt.words': toTensor(words) },
      shape,
      history,
      { mask: causalMask(5), positions: toTensor(int32([0, 1, 2, 3, 4], [1, 5])) },
      { actions, mask: tf.tensor(hidden, [1, 1, 3, 5]), end: toTensor(int32(ends, [1, 3])) },
      (x, mode) => decode(params, config, x, mode),
    );
    const alone = decode(params, config, history, { mask: causalMask(5) });
    const all = toTensor(words);
    expect(difference(states, alone)).toBeLessThan(1e-4);
    for (const [q, end] of ends.entries()) {
      const row = (from: number, count: number): tf.Tensor => tf.expandDims(tf.slice(all, [from, 0], [count, D]), 0);
      const parts = [tf.slice(history, [0, 0, 0], [1, end + 1, D]), row(1, 2), tf.slice(actions, [0, q, 0], [1, 1, D])];
      const x = tf.concat([...parts, row(3, 2)], 1);
      const T = x.shape[1]!;
      const last = tf.slice(decode(params, config, x, { mask: causalMask(T) }), [0, T - 1, 0], [1, 1, D]);
      expect(difference(tf.slice(found, [0, q, 0], [1, 1, D]), last)).toBeLessThan(1e-4);
    }
  });

  test.each(['A{history}b {action}cd', 'A{history}{action}c', '{history}bb{action}', '{history}{action}'])(
    'go on where a history that was read ends: %s',
    async (text) => {
      await tf.setBackend('cpu');
      const { config, params: values } = models.get(name)!;
      const D = config.width;
      const params: Tensors = Object.fromEntries(Object.entries(values).map(([n, value]) => [n, toTensor(value)]));
      const { shape, words } = readPrompt(text, models.get(name)!);
      const prompt = { ...params, ...(words.data.length > 0 && { 'prompt.words': toTensor(words) }) };
      // Two histories of five slots; three and two of them are padding.
      const history = tf.tensor(normal(key(1), 2 * 5 * D), [2, 5, D]);
      const positions = toTensor(int32([0, 1, 2, 3, 4, 0, 1, 2, 3, 4], [2, 5]));
      const last = toTensor(int32([1, 2], [2, 1]));
      const visible = tf.tensor([0, 0, -1e9, -1e9, -1e9, 0, 0, 0, -1e9, -1e9], [2, 1, 1, 5]);
      const actions = tf.tensor(normal(key(2), 2 * 3 * D), [2, 3, D]);
      const candidates = { actions, mask: tf.tile(visible, [1, 1, 3, 1]), end: tf.tile(last, [1, 3]) };
      const mask = causalMask(5);
      const together = promptedStates(prompt, shape, history, { mask, positions }, candidates, (x, mode) =>
        decode(params, config, x, mode),
      );
      const { states, layers } = readPositions(params, config, history, { mask });
      const ends = endsAfter(prompt, shape, { visible, last }, actions, (x, mode) =>
        decode(params, config, x, { ...mode, past: { layers, positions } }),
      );
      expect(difference(states.at(-1)!, together.states)).toBeLessThan(1e-4);
      expect(ends.shape).toEqual([2, 3, D]);
      expect(difference(ends, together.ends)).toBeLessThan(1e-4);
    },
  );

  test('LoRA is fitted around them', async () => {
    const languageModel = models.get(name)!;
    const train = rowsOf(
      Array.from({ length: 8 }, (_, u) => Array.from({ length: 5 }, (_, t) => (u + 2 * t) % 5)),
      5,
    );
    const tokens = float32(normal(key(4), 5 * languageModel.config.width), [5, languageModel.config.width]);
    const losses: number[] = [];
    const env = await follow(
      fitEnvironment({
        ...{ train, tokens, languageModel, prompt: PROMPT, adaptation: { rank: 2 } },
        ...{ window: 4, epochs: 14, lr: 0.01, dropout: 0, batch: 60 },
      }),
      ({ metrics }) => metrics && losses.push(metrics.rm!),
    );
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
    const rewards = await env.rewards(windowsOf([[1, 3], []], 4, 5), Int32Array.of(0, 1, 2, 3));
    expect(rewards.every(Number.isFinite)).toBe(true);
    await env.dispose();
  });
});

function difference(a: tf.Tensor, b: tf.Tensor): number {
  return tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
}

describe('an environment with a prompt', () => {
  const ITEMS = 40;
  const things = ['bolt', 'wire', 'glove', 'tube', 'nut', 'drill', 'saw', 'tape'];
  const texts = Array.from({ length: ITEMS }, (_, i) => `${things[i % 8]} number ${Math.floor(i / 8)}`);
  const chain = Array.from({ length: 120 }, (_, u) => {
    const items = [(u * 7) % ITEMS];
    for (let t = 1; t < 7; t++) items.push((3 * items[t - 1]! + 1) % ITEMS);
    return items;
  });
  const all = rowsOf(chain, ITEMS);
  const train = usersOf(all, (u) => u < 90);
  const validation = usersOf(all, (u) => u >= 90);
  const prompt = 'Had {history}: {action}?';
  let env: Environment;
  let accuracy = 0;

  beforeAll(async () => {
    const languageModel = await catalogModel(texts, { vocabSize: 300, width: 16, heads: 2, context: 8, epochs: 2 });
    const { vectors: tokens } = await learnItemTokens(languageModel, texts, { steps: 10 });
    const options = { train, validation, tokens, languageModel, prompt, window: 7, lr: 0.01, dropout: 0, batch: 100 };
    env = await follow(fitEnvironment({ ...options, epochs: 5, patience: 5 }), ({ metrics }) => {
      accuracy = metrics?.accuracy ?? accuracy;
    });
  });
  afterAll(() => env.dispose());

  test('gives the rewards that it was fitted with', async () => {
    const root = fold(key(0), 'environment');
    const segments = segmentsOf(validation, 7, () => true);
    const negative = negativeSampler(validation, segments, fold(root, 'validation negatives'));
    const rows = Int32Array.from({ length: validation.count }, (_, i) => i);
    const actions = new Int32Array(2 * rows.length);
    for (const row of rows) {
      const event = validation.event[row]!;
      actions[2 * row] = validation.sequences.items[event]!;
      actions[2 * row + 1] = negative(0, validation.sequence[row]!, event);
    }
    const rewards = await env.rewards(historyWindows(validation, rows, 7), actions);
    // All at once, and by way of a pass over the histories.
    const some = historyWindows(validation, rows.subarray(0, 9), 7);
    const encoded = await env.rewardsEncoded(await env.encode(some), actions.subarray(0, 18));
    encoded.forEach((reward, i) => void expect(reward).toBeCloseTo(rewards[i]!, 5));
    const won = rows.filter((row) => rewards[2 * row]! > rewards[2 * row + 1]!).length / rows.length;
    expect(won).toBeCloseTo(accuracy, 2);
    // Six of seven events can be foreseen.
    expect(accuracy).toBeGreaterThan(0.75);
  });

  test('judges each candidate by itself, however many there are', async () => {
    const windows = windowsOf([[3, 10, 31], [5], []], 7, ITEMS);
    const many = Int32Array.from({ length: 3 * 39 }, (_, i) => (i * 7) % ITEMS);
    const rewards = await env.rewards(windows, many);
    for (const slot of [0, 20, 38]) {
      const one = await env.rewards(
        windows,
        Int32Array.from([0, 1, 2], (row) => many[row * 39 + slot]!),
      );
      for (let row = 0; row < 3; row++) expect(rewards[row * 39 + slot]).toBeCloseTo(one[row]!, 4);
    }
  });

  test('reads again what it did not keep, and finds the history of each window', async () => {
    // Two windows each of 140 users: histories of two batches, a full one and a smaller one, the windows of which meet in one.
    const lists = Array.from({ length: 140 }, (_, u) => [u % ITEMS, (3 * u + 1) % ITEMS, Math.floor(u / ITEMS)]);
    const windows = windowsOf(
      lists.flatMap((list) => [list.slice(0, 1 + (list[0]! % 2)), list]),
      7,
      ITEMS,
    );
    const actions = Int32Array.from({ length: 2 * windows.size }, (_, i) => (11 * i) % ITEMS);
    const encoded = await env.encode(windows);
    expect([encoded.read.size, encoded.past.length]).toEqual([140, 2]);
    const rewards = await env.rewardsEncoded(encoded, actions);
    expect(await env.rewardsEncoded({ ...encoded, past: [] }, actions)).toEqual(rewards);
    expect(await env.rewardsEncoded({ ...encoded, past: encoded.past.slice(0, 1) }, actions)).toEqual(rewards);
    const part = encodedBetween(encoded, 230, 280);
    expect(await env.rewardsEncoded(part, actions.subarray(460, 560))).toEqual(rewards.subarray(460, 560));
    for (const row of [0, 1, 255, 256, 279]) {
      const alone = windowsAt(windows, [row]);
      const own = await env.rewards(alone, actions.subarray(2 * row, 2 * row + 2));
      for (const slot of [0, 1]) expect(own[slot]).toBeCloseTo(rewards[2 * row + slot]!, 4);
    }
  });

  test('comes back from its files, and takes further items', async () => {
    await env.save(join(dir, 'env'));
    const again = await loadEnvironment(join(dir, 'env'));
    expect(again.config.prompt!.text).toBe(prompt);
    const windows = windowsOf([[3, 10, 31]], 7, ITEMS);
    expect(await again.rewards(windows, Int32Array.of(1, 2))).toEqual(await env.rewards(windows, Int32Array.of(1, 2)));
    const size = env.config.decoder.width;
    const grown = again.withItems(float32(normal(key(8), size), [1, size]));
    const wider = windowsOf([[3, 10, 31]], 7, ITEMS + 1);
    expect(await grown.score(wider).then((s) => s.slice(0, ITEMS))).toEqual(await env.score(windows));
    const before = await env.rewards(windows, Int32Array.of(1, 2));
    expect(await grown.rewards(wider, Int32Array.of(1, 2))).toEqual(before);
    await again.dispose();
    await grown.dispose();
  });

  test.each([
    ['no action', 'Had {history}.', '{action}'],
    ['no history', '{action}?', '{history}'],
    ['another slot', '{history} {user} {action}', '{user}'],
    ['a slot that is nearly right', '{history} {actoin}', '{action}'],
    ['the wrong order', '{action} after {history}', 'follow'],
    ['a slot twice', '{history} {action} {action}', 'once'],
  ])('%s: the prompt is refused, and it is said why', async (_, wrong, named) => {
    const languageModel = models.get('llama')!;
    const refused = fitEnvironment({ train, languageModel, prompt: wrong, window: 3 });
    await expect(refused).rejects.toMatchObject({ code: 'E_TEMPLATE', message: expect.stringContaining(named) });
  });

  test('a prompt needs a language model, and room in it', async () => {
    await expect(fitEnvironment({ train, prompt: PROMPT })).rejects.toThrow('Pass languageModel');
    const languageModel = models.get('gpt2')!;
    const long = `${'x'.repeat(languageModel.config.maxPositions!)}{history}{action}`;
    await expect(fitEnvironment({ train, languageModel, prompt: long, window: 3 })).rejects.toThrow('positions');
  });
});
