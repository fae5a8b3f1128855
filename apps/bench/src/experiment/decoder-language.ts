import { join } from 'node:path';
import { decoderVectors } from '@lea/env';
import type { EnvironmentConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { keptTokens } from './kept.ts';
import { pretrained } from './models.ts';

/**
 * The language of tier `decoder`: a pretrained language model, and its vectors of the item texts.
 *
 * @param resolved the origin of the vectors; undefined: none are read
 */
export async function decoderLanguage(config: EnvironmentConfig, resolved: object | undefined, context: Context) {
  const { dataset, threads, signal, folder } = context;
  const languageModel = await pretrained(config.model!);
  if (!resolved) return { tokens: null, languageModel, seconds: 0, stages: {} };
  // Of single texts, so that an interrupted run continues.
  const cacheDir = join(folder, 'vectors');
  const { made, seconds, stages } = await keptTokens(resolved, context, (last) =>
    follow(decoderVectors(languageModel, dataset.itemTexts!.texts, { threads, signal, cacheDir }), context, last),
  );
  return { tokens: made, languageModel, seconds, stages };
}
