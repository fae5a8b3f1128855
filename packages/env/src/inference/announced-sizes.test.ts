import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key, normal } from '@lea/core';
import { float32 } from '@lea/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fitEnvironment } from '../fit/fit-environment.ts';
import { catalogModel } from '../language-model/catalog-model.ts';
import { loadLanguageModel } from '../language-model/load-language-model.ts';
import { saveLanguageModel } from '../language-model/save-language-model.ts';
import type { EnvironmentConfig } from '../model/config.ts';
import { rowsOf } from '../testing.ts';
import { loadEnvironment } from './environment.ts';

let folder: string;
let lmFolder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lea-sizes-'));
  lmFolder = await mkdtemp(join(tmpdir(), 'lea-sizes-'));
  const train = rowsOf(
    [
      [0, 1, 2],
      [2, 1, 0, 3],
      [1, 3],
    ],
    5,
  );
  const tokens = float32(normal(key(1), 15), [5, 3]);
  const small = { width: 4, layers: 1, heads: 1, window: 3, textMemoryWidth: 2, epochs: 1 };
  const env = await fitEnvironment({ train, tokens, ...small });
  await env.save(folder);
  await env.dispose();
  const model = { vocabSize: 258, width: 4, heads: 1, layers: 1, context: 4, epochs: 1 };
  await saveLanguageModel(await catalogModel(['ab', 'ba'], model), lmFolder);
});
afterAll(() => Promise.all([folder, lmFolder].map((dir) => rm(dir, { recursive: true }))));

/** A JSON file of a folder with a change, while `use` runs. */
async function withChanged<T>(path: string, change: (file: never) => void, use: () => Promise<T>): Promise<T> {
  const before = await readFile(path, 'utf8');
  const file = JSON.parse(before);
  change(file as never);
  await writeFile(path, JSON.stringify(file));
  try {
    return await use();
  } finally {
    await writeFile(path, before);
  }
}

test.each<[string, (config: Record<string, unknown> & EnvironmentConfig) => void]>([
  ['items', (c) => Object.assign(c, { items: 1e9 })],
  ['a window', (c) => Object.assign(c, { window: 1e9 })],
  ['half a window', (c) => Object.assign(c, { window: 2.5 })],
  ['a width', (c) => Object.assign(c.decoder, { width: 2 ** 20 })],
  ['layers', (c) => Object.assign(c.decoder, { layers: 1e9 })],
  ['a hidden layer', (c) => Object.assign(c.decoder, { mlpWidth: 1e9 })],
  ['heads of keys', (c) => Object.assign(c.decoder, { heads: 1e9, kvHeads: 1e9, headSize: 2 })],
  ['score heads', (c) => Object.assign(c, { rewardHeads: 1e9 })],
  ['columns of memory', (c) => Object.assign(c, { textMemoryWidth: 1e9 })],
  ['words', (c) => Object.assign(c, { prompt: { text: '', before: 1e9, between: 0, after: 0 } })],
  ['no decoder', (c) => Object.assign(c, { decoder: undefined })],
])('an environment.json that asks for %s beyond its tensors is refused before they are made', async (_, change) => {
  const before = process.memoryUsage.rss();
  await withChanged(
    join(folder, 'environment.json'),
    ({ config }: { config: never }) => change(config),
    async () => {
      await expect(loadEnvironment(folder)).rejects.toMatchObject({
        code: 'E_ENVIRONMENT_FILE',
        cause: expect.objectContaining({ name: expect.stringMatching(/LeaError|TypeError/) }),
      });
    },
  );
  expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 2 ** 20);
  await (await loadEnvironment(folder)).dispose();
});

test.each<[string, object, string]>([
  ['vocab_size', { vocab_size: 1e12 }, 'E_MODEL_WEIGHTS'],
  ['hidden_size', { hidden_size: 1e12 }, 'E_MODEL_WEIGHTS'],
  ['intermediate_size', { intermediate_size: 1e12 }, 'E_MODEL_WEIGHTS'],
  ['num_hidden_layers', { num_hidden_layers: 1e9 }, 'E_MODEL_UNSUPPORTED'],
  ['context', { max_position_embeddings: 1e12, lea: { context: 1e12 } }, 'E_MODEL_UNSUPPORTED'],
])('a config.json with a %s beyond its weights is refused before they are made', async (_, change, code) => {
  await withChanged(
    join(lmFolder, 'config.json'),
    (file) => Object.assign(file, change),
    async () => {
      await expect(loadLanguageModel(lmFolder)).rejects.toMatchObject({ code });
    },
  );
  expect((await loadLanguageModel(lmFolder)).context).toBe(4);
});
