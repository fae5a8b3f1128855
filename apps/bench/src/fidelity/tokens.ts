import { fold, key, normal, permutation } from '@lea/core';
import type { LanguageModel } from '@lea/env';
import { float32, type Value } from '@lea/tensor';
import type { Context } from '../experiment/context.ts';
import { type Language, languageOf } from '../experiment/language.ts';
import type { FidelityRequest } from './request.ts';
import type { EnvironmentSubject } from './subjects.ts';

/** The language model and item tokens of a report's environments, created on first use. */
export interface LazyLanguage {
  /** Item tokens of the environments with texts and of their language controls. */
  tokens(): Promise<Value>;
  /** The initial decoder of all environments, including the control without item tokens. */
  languageModel(): Promise<LanguageModel | undefined>;
}

export function lazyLanguage({ environment, seed }: FidelityRequest, context: Context): LazyLanguage {
  const made = new Map<'id' | 'text', Promise<Language>>();
  const once = (itemInput: 'id' | 'text'): Promise<Language> => {
    const language = made.get(itemInput) ?? languageOf({ ...environment, itemInput }, seed, context);
    made.set(itemInput, language);
    return language;
  };
  return {
    async tokens() {
      const known = made.has('text');
      if (!known) context.progress.begin('item tokens');
      const { tokens } = await once('text');
      if (!known) context.progress.end(`${tokens!.shape.join(' × ')} by tier ${environment.tier}`);
      return tokens!;
    },
    languageModel: async () => (await once(made.has('text') ? 'text' : 'id')).languageModel,
  };
}

/** Tokens without their language. An item's token depends only on its text, so shuffling texts is shuffling tokens. */
export function spoiledTokens(tokens: Value, spoil: EnvironmentSubject['spoil'], seed: number): Value {
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
