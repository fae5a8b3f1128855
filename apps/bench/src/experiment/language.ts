import { join } from 'node:path';
import { contentHash } from '@lea/core';
import { writeSealed } from '@lea/core/node';
import {
  catalogModel,
  type LanguageModel,
  learnItemTokens,
  loadLanguageModel,
  saveLanguageModel,
  textVectors,
} from '@lea/env';
import { readSafetensors, type Value, writeSafetensors } from '@lea/tensor';
import { hasLanguageModel } from '../config/environments.ts';
import type { EnvironmentConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { broken, intact, readRecord } from './intact.ts';
import { PRECISION, resolvedLanguage, resolvedModel } from './resolved.ts';
import { computing } from './versions.ts';

/** The item tokens of an environment, and the initial weights of its decoder. */
export interface Language {
  /** [items, size]; null for an environment that knows ids only. */
  readonly tokens: Value | null;
  /** Trained on the catalog's texts; without one the decoder begins at random. */
  readonly languageModel?: LanguageModel;
  /** Of making both, when they were made. */
  readonly seconds: number;
  /** Last metrics of each stage. */
  readonly stages: Stages;
}

type Stages = Readonly<Record<string, unknown>>;

/**
 * The language of an environment. It is kept in the experiment's folder by a hash of everything that decides it, so that
 * environments, seeds and reports share what they can.
 */
export async function languageOf(config: EnvironmentConfig, seed: number, context: Context): Promise<Language> {
  const model = hasLanguageModel(config) ? await languageModelOf(config, seed, context) : undefined;
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
  return kept('tokens', { ...origin(context), ...drawn, ...resolvedLanguage(config, models) }, context, {
    make: async (folder, stages) => {
      const vectors = await (languageModel ? learned(languageModel, stages) : encoded());
      await writeSafetensors(join(folder, 'tokens.safetensors'), { vectors });
    },
    read: async (folder) => {
      const { vectors } = (await readSafetensors(join(folder, 'tokens.safetensors'))).tensors;
      if (vectors?.shape[0] === texts.length) return vectors;
      throw broken(folder, `expected vectors of ${texts.length} items`);
    },
    hash: ({ shape, data }) => contentHash(shape, data),
  });
}

/** What both are made from; threads order sums, so they count where the config fixes them. */
function origin({ dataset, experiment }: Context): object {
  return { data: dataset.hash, threads: experiment.threads, versions: computing() };
}

/** What is known of something kept, beside it. */
interface Making {
  /** What it was made of. */
  readonly resolved: unknown;
  readonly seconds: number;
  readonly stages: Stages;
  /** Of what was made; absent in records from before files carried hashes. */
  readonly hash?: string;
}

interface Made<T> extends Pick<Making, 'seconds' | 'stages'> {
  readonly made: T;
}

interface Keeping<T> {
  make(folder: string, stages: Record<string, unknown>): Promise<void>;
  read(folder: string): Promise<T>;
  hash(made: T): string;
}

/** Creates a result once. The result is always read back from its folder, so that a second run has the same bits. */
async function kept<T>(
  what: string,
  resolved: unknown,
  { folder: parent, progress }: Context,
  { make, read, hash }: Keeping<T>,
): Promise<Made<T>> {
  const folder = join(parent, 'language', `${what}-${contentHash(resolved).slice(0, 10)}`);
  const path = join(folder, 'record.json');
  const found = await readRecord<Making>(path, { resolved });
  if (found) {
    const made = await intact(folder, () => read(folder));
    if (found.hash === undefined)
      progress.say(`Reused without a check, because it comes from a version without file hashes: ${folder}`);
    else if (found.hash !== hash(made)) throw broken(folder, 'its content does not match its record');
    return { made, seconds: found.seconds, stages: found.stages };
  }
  const started = performance.now();
  const stages: Record<string, unknown> = {};
  await make(folder, stages);
  const seconds = (performance.now() - started) / 1000;
  const made = await read(folder);
  await writeSealed(path, { resolved, seconds, stages, hash: hash(made) } satisfies Making);
  return { made, seconds, stages };
}
