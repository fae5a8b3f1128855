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

/** The origins of what is kept of a language, whose hashes name the folders; the model is made before the tokens. */
export interface LanguageParts {
  readonly model?: object;
  readonly tokens?: object;
}

/** The parts of an environment's language that are made and kept. */
export function languageParts(
  config: EnvironmentConfig,
  seed: number,
  { dataset, experiment, models }: Pick<Context, 'dataset' | 'experiment' | 'models'>,
): LanguageParts {
  const catalog = hasCatalogModel(config);
  const from = origin({ dataset, experiment });
  // frozen text vectors draw nothing
  const drawn = catalog && { seed };
  return {
    ...(catalog && { model: { ...from, seed, options: resolvedModel(config.languageModel) } }),
    ...(config.itemInput !== 'id' && { tokens: { ...from, ...drawn, ...resolvedLanguage(config, models) } }),
  };
}

/**
 * The language of an environment. It is kept in the experiment's folder by a hash of everything that decides it, so that
 * environments, seeds and reports share what they can.
 */
export async function languageOf(config: EnvironmentConfig, seed: number, context: Context): Promise<Language> {
  const parts = languageParts(config, seed, context);
  if (config.tier === 'decoder') return decoderLanguage(config, parts.tokens, context);
  const model = parts.model && (await languageModelOf(config, seed, parts.model, context));
  const tokens = parts.tokens && (await itemTokensOf(config, seed, parts.tokens, context, model?.made));
  return {
    tokens: tokens?.made ?? null,
    ...(model && { languageModel: model.made }),
    seconds: (model?.seconds ?? 0) + (tokens?.seconds ?? 0),
    stages: { ...model?.stages, ...tokens?.stages },
  };
}

/** The language model of an environment's texts. @param resolved its origin */
export function languageModelOf(
  config: EnvironmentConfig,
  seed: number,
  resolved: object,
  context: Context,
): Promise<Made<LanguageModel>> {
  const { dataset, threads, signal } = context;
  const options = resolvedModel(config.languageModel);
  return kept('model', resolved, context, {
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
  resolved: object,
  context: Context,
  languageModel: LanguageModel | undefined,
): Promise<Made<Value>> {
  const { dataset, threads, signal } = context;
  const { texts } = dataset.itemTexts!;
  const learned = async (from: LanguageModel, stages: Record<string, unknown>): Promise<Value> => {
    const learning = learnItemTokens(from, texts, { seed, threads, signal, ...config.itemTokens });
    return (await follow(learning, context, stages)).vectors;
  };
  const encoded = (): Promise<Value> =>
    follow(textVectors(texts, { model: config.model!, dtype: PRECISION, signal }), context);
  return keptTokens(resolved, context, (stages) => (languageModel ? learned(languageModel, stages) : encoded()));
}
