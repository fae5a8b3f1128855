import { fold, key, normal, permutation } from '@lea/core';
import type { LanguageModel } from '@lea/env';
import { float32, type Value } from '@lea/tensor';
import type { Context } from '../experiment/context.ts';
import { type Language, languageOf } from '../experiment/language.ts';
import type { FidelityRequest } from './request.ts';
import type { EnvironmentSubject } from './subjects.ts';

/** The language of one report's environments, made when first asked for. */
export interface LazyLanguage {
  /** What items are to environments with texts, and to the controls that spoil them. */
  tokens(): Promise<Value>;
  /** What the decoders of all environments begin as, the control without item tokens included. */
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

/** Tokens with the language taken out of them. As an item's token comes from its text alone, shuffled texts are shuffled tokens. */
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
