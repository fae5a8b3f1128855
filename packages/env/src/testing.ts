import { copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Task } from '@lea/core';
import { interactionsOf, sequences, type Transitions, transitions } from '@lea/data';
import { node, writeModel } from '@lea/tensor/onnx';
import type { EnvironmentConfig } from './model/config.ts';

/** Runs a task, passing its events to `onEvent`, and returns its result. */
export async function follow<T, E>(work: Task<T, E>, onEvent: (event: E) => void): Promise<T> {
  for await (const event of work) onEvent(event);
  return work;
}

/** Config of a small environment without item tokens. */
export const idConfig = (width: number, heads: number, items: number, textMemoryWidth: number): EnvironmentConfig => ({
  decoder: { width, layers: 1, heads, kvHeads: heads, mlpWidth: 8, normEps: 1e-5, ropeTheta: 10000 },
  items,
  window: 3,
  itemInput: 'id',
  adaptation: 'all',
  textMemoryWidth,
  countFeatures: false,
  candidateInput: 'input',
  rewardHeads: 1,
  prompt: null,
});

/** Small logged data: transitions of all events of the users' item sequences. */
export function rowsOf(users: readonly (readonly number[])[], items: number): Transitions {
  const events = users.flatMap((sequence, user) =>
    sequence.map((item) => ({ user: `u${1000 + user}`, item: `${item}` })),
  );
  return transitions(
    sequences(
      interactionsOf(
        { user: events.map((e) => e.user), item: events.map((e) => e.item) },
        { ids: Array.from({ length: items }, (_, i) => `${i}`) },
      ),
    ),
  );
}

/** The rows of users that satisfy `keep`, with the same sequences. */
export function usersOf(all: Transitions, keep: (user: number) => boolean): Transitions {
  return transitions(all.sequences, (_, sequence) => keep(sequence));
}

/** Content of a `tokenizer.json` with `<unk>`, `<s>`, `</s>`, 89 printable ASCII characters, and more tokens up to `size`. */
export function letterTokenizer(size = 92): object {
  const letters = Array.from({ length: 89 }, (_, i) => String.fromCharCode(32 + i));
  const more = Array.from({ length: Math.max(0, size - 92) }, (_, i) => `token ${i}`);
  const tokens = ['<unk>', '<s>', '</s>', ...letters, ...more];
  return {
    version: '1.0',
    added_tokens: tokens.slice(0, 3).map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

/** Makes a folder in `parent` as the hub has it, of a tiny checkpoint with random weights and {@link letterTokenizer}. */
export async function decoderFolder(name: string, parent: string): Promise<string> {
  const fixture = fileURLToPath(new URL(`fixtures/decoders/${name}`, import.meta.url));
  const folder = await mkdtemp(join(parent, `${name}-`));
  for (const file of ['config.json', 'model.safetensors']) await copyFile(join(fixture, file), join(folder, file));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
  return folder;
}

/** Writes an ONNX model with these outputs, each 1 for every token, [texts, tokens, 1]. */
export async function writeTextModel(dir: string, outputs: readonly string[]): Promise<void> {
  await mkdir(join(dir, 'onnx'), { recursive: true });
  const nodes = outputs.flatMap((name) => [
    node('Cast', ['attention_mask'], [`${name}/float`], { to: 1 }),
    node('Unsqueeze', [`${name}/float`, 'axis'], [name]),
  ]);
  const model = writeModel({
    name: 'model',
    nodes,
    initializers: [{ name: 'axis', dtype: 'int64', shape: [1], data: BigInt64Array.of(2n) }],
    inputs: ['input_ids', 'attention_mask'].map((name) => ({ name, dtype: 'int64', shape: ['texts', 'tokens'] })),
    outputs: outputs.map((name) => ({ name, dtype: 'float32', shape: ['texts', 'tokens', 1] })),
  });
  await writeFile(join(dir, 'onnx', 'model.onnx'), model);
  await writeFile(join(dir, 'config.json'), JSON.stringify({ model_type: 'bert', hidden_size: 1 }));
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
  const described = { tokenizer_class: 'PreTrainedTokenizerFast', pad_token: '<unk>', model_max_length: 64 };
  await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(described));
}
