import { contentHash } from '@lea/core';
import {
  catalogModel,
  type LanguageModel,
  learnItemTokens,
  loadLanguageModel,
  saveLanguageModel,
  textVectors,
} from '@lea/env';
import type { Value } from '@lea/tensor';
import { hasCatalogModel } from '../config/environments.ts';
import type { EnvironmentConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { decoderLanguage } from './decoder-language.ts';
import { follow } from './follow.ts';
import { kept, keptTokens, type Made, origin, type Stages } from './kept.ts';
import { PRECISION, resolvedLanguage, resolvedModel } from './resolved.ts';

/** The item tokens of an environment, and the initial weights of its decoder. */
export interface Language {
  /** [items, size]; null for an environment that knows ids only. */
  readonly tokens: Value | null;
  /** Trained on the catalog's texts or pretrained; without one the decoder begins at random. */
  readonly languageModel?: LanguageModel;
  /** Time that both took when they were made. */
  readonly seconds: number;
  /** Last metrics of each stage. */
  readonly stages: Stages;
}

/**
 * The language of an environment. It is kept in the experiment's folder by a hash of everything that decides it, so that
 * environments, seeds and reports share what they can.
 */
export async function languageOf(config: EnvironmentConfig, seed: number, context: Context): Promise<Language> {
  if (config.tier === 'decoder') return decoderLanguage(config, context);
  const model = hasCatalogModel(config) ? await languageModelOf(config, seed, context) : undefined;
  const tokens = config.itemInput === 'id' ? undefined : await itemTokensOf(config, seed, context, model?.made);
  return {
    tokens: tokens?.made ?? null,
    ...(model && { languageModel: model.made }),
    seconds: (model?.seconds ?? 0) + (tokens?.seconds ?? 0),
    stages: { ...model?.stages, ...tokens?.stages },
  };
}

function languageModelOf(config: EnvironmentConfig, seed: number, context: Context): Promise<Made<LanguageModel>> {
  const { dataset, threads, signal } = context;
  const options = resolvedModel(config.languageModel);
  return kept('model', { ...origin(context), seed, options }, context, {
    make: async (folder, stages) => {
      const making = catalogModel(dataset.itemTexts!.texts, { ...options, seed, threads, signal });
      await saveLanguageModel(await follow(making, context, stages), folder);
    },
    read: (folder) => loadLanguageModel(folder, { context: options.context }),
    hash: ({ hash, perplexity }) => contentHash(hash, perplexity ?? null),
  });
}

function itemTokensOf(
  config: EnvironmentConfig,
  seed: number,
  context: Context,
  languageModel: LanguageModel | undefined,
): Promise<Made<Value>> {
  const { dataset, threads, signal, models } = context;
  const { texts } = dataset.itemTexts!;
  const learned = async (from: LanguageModel, stages: Record<string, unknown>): Promise<Value> => {
    const learning = learnItemTokens(from, texts, { seed, threads, signal, ...config.itemTokens });
    return (await follow(learning, context, stages)).vectors;
  };
  const encoded = (): Promise<Value> =>
    follow(textVectors(texts, { model: config.model!, dtype: PRECISION, signal }), context);
  // frozen text vectors draw nothing
  const drawn = languageModel && { seed };
  return keptTokens({ ...drawn, ...resolvedLanguage(config, models) }, context, (stages) =>
    languageModel ? learned(languageModel, stages) : encoded(),
  );
}
