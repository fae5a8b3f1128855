import { join } from 'node:path';
import { decoderVectors } from '@lea/env';
import type { EnvironmentConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { keptTokens } from './kept.ts';
import { pretrained } from './models.ts';
import { resolvedLanguage } from './resolved.ts';

/** The language of tier `decoder`: a pretrained language model, and its vectors of the item texts. */
export async function decoderLanguage(config: EnvironmentConfig, context: Context) {
  const { dataset, threads, signal, models, folder } = context;
  const languageModel = await pretrained(config.model!);
  if (config.itemInput === 'id') return { tokens: null, languageModel, seconds: 0, stages: {} };
  // Of single texts, so that an interrupted run continues.
  const cacheDir = join(folder, 'vectors');
  const { made, seconds, stages } = await keptTokens(resolvedLanguage(config, models), context, (last) =>
    follow(decoderVectors(languageModel, dataset.itemTexts!.texts, { threads, signal, cacheDir }), context, last),
  );
  return { tokens: made, languageModel, seconds, stages };
}
