import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { downloadLanguageModel } from '@lea/env';
import type { EnvironmentConfig } from '../config/schema.ts';
import { createProgress } from '../terminal/progress.ts';
import { follow } from './follow.ts';

/** Folder and progress of downloads. */
export interface Downloading {
  /** Folder for runs. */
  readonly runs: string;
  readonly out: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/**
 * Downloads the model of a tier `decoder` that is named as on the hub, and replaces the name by the folder. A model that was
 * downloaded once needs no network. The environment variables HF_ENDPOINT and HF_TOKEN mean the same as for Hugging Face's
 * own tools.
 *
 * @throws LeaError the errors of `downloadLanguageModel`
 */
export async function withDownload<T extends Omit<EnvironmentConfig, 'itemInput'>>(
  config: T,
  { runs, out, signal }: Downloading,
): Promise<T> {
  const { tier, model } = config;
  if (tier !== 'decoder' || model === undefined || !isHubName(model)) return config;
  const folder = join(runs, 'models', model);
  if (!existsSync(folder)) {
    const progress = createProgress(out, 1);
    progress.begin(`download ${model}`);
    const partial = `${folder}.partial`;
    const { HF_ENDPOINT: endpoint, HF_TOKEN: token } = process.env;
    await follow(downloadLanguageModel(model, { dir: partial, endpoint, token, signal }), { progress });
    await rename(partial, folder);
    progress.end(folder);
  }
  return { ...config, model: folder };
}

/** Whether a name is that of a model on the hub, such as `Qwen/Qwen3-0.6B`, and not a path. */
function isHubName(model: string): boolean {
  return (
    !existsSync(model) && !isAbsolute(model) && /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(model) && !/\.gguf$/i.test(model)
  );
}
