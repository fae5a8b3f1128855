import { join } from 'node:path';
import { contentHash, fold, key, normal, permutation, replaceFile } from '@lea/core';
import { type LanguageModel, loadLanguageModel, saveLanguageModel } from '@lea/env';
import { float32, readSafetensors, type Value, writeSafetensors } from '@lea/tensor';
import type { Context } from '../run/context.ts';
import { itemTokens } from '../run/environment.ts';
import { readRecord } from '../run/json.ts';
import { benchVersion } from '../run/versions.ts';
import type { FidelityRequest } from './request.ts';
import type { EnvironmentSubject } from './subjects.ts';

/** What items are to the environments of one report, and the language model that says so where it is ours. */
export interface Tokens {
  readonly tokens: Value;
  readonly lm?: LanguageModel;
}

/** The tokens of a request: made when first asked for, kept on disk, shared by all subjects. */
export function lazyTokens(request: FidelityRequest, context: Context, folder: string): () => Promise<Tokens> {
  let made: Promise<Tokens> | undefined;
  return () => {
    made ??= makeTokens(request, context, folder);
    return made;
  };
}

async function makeTokens({ environment, seed }: FidelityRequest, context: Context, folder: string): Promise<Tokens> {
  const { fit: _, ...language } = environment;
  const hash = contentHash(language, seed, context.dataHash, benchVersion);
  const at = join(folder, `tokens-${hash.slice(0, 10)}`);
  const file = join(at, 'tokens.safetensors');
  const found = await readRecord<{ lm: boolean }>(join(at, 'record.json'));
  if (found) {
    const { tokens } = (await readSafetensors(file)).tensors;
    return { tokens: tokens!, ...(found.lm && { lm: await loadLanguageModel(join(at, 'lm')) }) };
  }
  const stages: Record<string, unknown> = {};
  context.progress.begin('item tokens');
  const job = { name: 'fidelity', seed, config: { ...language, tokens: 'text' as const } };
  const { tokens, lm } = await itemTokens(job, context, stages);
  await writeSafetensors(file, { tokens: tokens! });
  if (lm) await saveLanguageModel(lm, join(at, 'lm'));
  await replaceFile(
    join(at, 'record.json'),
    `${JSON.stringify({ lm: lm !== undefined, language, stages }, null, 2)}\n`,
  );
  context.progress.end(`${tokens!.shape.join(' × ')} by tier ${language.tier}`);
  return { tokens: tokens!, ...(lm && { lm }) };
}

/** Tokens with the language taken out of them. As an item's token comes from its text alone, shuffled texts are shuffled tokens. */
export function spoiltTokens(tokens: Value, spoil: EnvironmentSubject['spoil'], seed: number): Value {
  const [items, size] = tokens.shape as [number, number];
  const root = fold(key(seed), `${spoil} tokens`);
  if (spoil === 'random') return float32(normal(root, items * size), [items, size]);
  if (spoil === 'nothing') return tokens;
  const data = new Float32Array(items * size);
  permutation(root, items).forEach((from, to) => {
    data.set((tokens.data as Float32Array).subarray(from * size, (from + 1) * size), to * size);
  });
  return float32(data, [items, size]);
}
