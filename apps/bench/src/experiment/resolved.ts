import { memorySchema } from '@lea/agents';
import { defaultsOf } from '@lea/core';
import { catalogModelDefaults, decoderVectorDefaults, fitDefaults, itemTokenDefaults } from '@lea/env/measuring';
import { hasCatalogModel, withAdaptation } from '../config/environments.ts';
import { type EnvironmentConfig, fit, itemTokens, languageModel, type RunConfig } from '../config/schema.ts';
import type { Models } from './models.ts';

/** Precision of a feature-extraction model's weights. */
export const PRECISION = 'q8';

/**
 * An environment's config with every option spelt out and its model by content: keys are made of it, so that a default
 * that changes makes another key.
 */
export function resolvedEnvironment(config: EnvironmentConfig, models: Models): object {
  const { itemInput, tier, folds } = config;
  if (tier === 'counting') return { itemInput, tier, memory: resolvedMemory({ text: itemInput !== 'id' }) };
  return {
    tokens: itemInput,
    ...resolvedLanguage(config, models),
    fit: resolvedFit(withAdaptation(config).fit),
    ...(folds !== undefined && { folds }),
  };
}

/** The part of it that says where item tokens and language model come from. */
export function resolvedLanguage(config: EnvironmentConfig, models: Models): object {
  const { itemInput, tier, model } = config;
  if (hasCatalogModel(config)) {
    return {
      tier: 'catalog',
      languageModel: resolvedModel(config.languageModel),
      ...(itemInput !== 'id' && { itemTokens: over(itemTokens, itemTokenDefaults, config.itemTokens) }),
    };
  }
  if (tier === 'decoder') {
    const { maxTokens } = decoderVectorDefaults;
    return { tier, model: models[model!] ?? model, ...(itemInput !== 'id' && { vectors: { maxTokens } }) };
  }
  if (itemInput === 'id' || tier !== 'encoder') return {};
  return { tier, model: models[model!] ?? model, precision: PRECISION };
}

export function resolvedModel(given: EnvironmentConfig['languageModel']): typeof given & { readonly context: number } {
  return over(languageModel, catalogModelDefaults, given) as ReturnType<typeof resolvedModel>;
}

export function resolvedFit(given: EnvironmentConfig['fit']): object {
  return over(fit, fitDefaults, given);
}

/** The options of a schema, given or by default. */
function over(schema: { readonly entries: object }, defaults: object, given: object = {}): object {
  const value = (from: object, name: string): unknown => (from as Record<string, unknown>)[name];
  return Object.fromEntries(
    Object.keys(schema.entries).map((name) => [name, value(given, name) ?? value(defaults, name)]),
  );
}

/** The options of a memory, given or by default; whether it reads texts may depend on there being some. */
export function resolvedMemory(given: NonNullable<RunConfig['memory']>): object {
  const { text: _, window: __, ...defaults } = defaultsOf(memorySchema);
  return { text: null, ...defaults, ...given };
}
