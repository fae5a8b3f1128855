import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  abortSignal,
  checkObjects,
  checkPaths,
  checkTexts,
  type Given,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  type Task,
  task,
  text,
  whole,
} from '@lea/core';
import type { EnvironmentEvent } from '../../shared/events.ts';
import { readJson } from '../../shared/read-json.ts';
import { checkSecret, secret } from '../../shared/secret.ts';
import { shardsOf, WEIGHTS } from '../decoders/weights.ts';
import { fetchFile } from './fetch-file.ts';
import { type HubFile, type Listing, listFiles } from './listing.ts';
import { type Hub, Passing } from './request.ts';

/** Options of {@link downloadLanguageModel}. */
export interface DownloadOptions {
  /** Folder to download into. Pass it to `loadLanguageModel` afterwards. */
  readonly dir: string;
  /** Branch, tag or commit. Only a commit always gives the same files. Default: `main`. */
  readonly revision: string;
  /** Base URL of a hub with the same API. Default: https://huggingface.co. */
  readonly endpoint: string;
  /** Access token for private and gated models. It is sent to the hub only and never stored. Default: none. */
  readonly token: string | undefined;
  /** Retries after a failed connection or an overloaded server, with exponential backoff. Default: 5. */
  readonly retries: number;
  /** Milliseconds without data after which a connection is closed. Default: 30,000. */
  readonly timeout: number;
  /** Aborts the download. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Options without a default. */
type Needed = 'dir';

/** Defaults and checks of {@link DownloadOptions}. */
export const downloadSchema: OptionsSchema<Omit<DownloadOptions, Needed>> = {
  revision: option(text, 'main'),
  endpoint: option(text, 'https://huggingface.co'),
  token: option(secret, undefined),
  retries: option(whole(0), 5),
  // The longest delay of a timer.
  timeout: option(whole(1, 2 ** 31 - 1), 30_000),
  signal: option(abortSignal, undefined),
};

const REQUIRED = ['config.json', 'tokenizer.json'];
const OPTIONAL = ['tokenizer_config.json'];

/**
 * Downloads a decoder-only language model from the hub into a folder: `config.json`, `tokenizer.json`,
 * `tokenizer_config.json`, and `model.safetensors` or its shards. Each file appears only when it is complete and its
 * checksum (SHA-256 or git object id) is correct. Existing files are kept, and interrupted downloads are resumed. All files
 * come from the same commit.
 *
 * Events count the bytes of all files and name the current file. The result is the folder.
 *
 * @param id model name on the hub, such as `Qwen/Qwen3-0.6B`
 * @throws LeaError `E_OFFLINE` (names the files and where to put them), `E_HUB_MISSING`, `E_HUB_ACCESS`, `E_HUB_FILES` (the
 *   model lacks a required file), `E_HUB_ANSWER`, `E_DOWNLOAD`, `E_DOWNLOAD_CHECKSUM`, `E_DISK_FULL`, `E_FILE_WRITE`,
 *   `E_OPTION_VALUE`, `E_API_KEY` (an invalid token)
 */
export function downloadLanguageModel(
  id: string,
  options: Pick<DownloadOptions, Needed> & Given<DownloadOptions>,
): Task<string, EnvironmentEvent<'download'>> {
  return task(() => downloading(id, options));
}

async function* downloading(
  id: string,
  options: Pick<DownloadOptions, Needed> & Given<DownloadOptions>,
): AsyncGenerator<EnvironmentEvent<'download'>, string> {
  checkTexts('downloadLanguageModel', { id });
  checkObjects('downloadLanguageModel', { options });
  checkPaths('downloadLanguageModel', { dir: options.dir });
  const { dir, ...given } = options;
  const o = parseOptions('downloadLanguageModel', downloadSchema, given);
  checkSecret('token', o.token);
  const hub: Hub = { ...o, endpoint: o.endpoint.replace(/\/+$/, '') };
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(id)) {
    throw new LeaError('E_OPTION_VALUE', 'Expected a model name such as "Qwen/Qwen3-0.6B".', { value: id });
  }
  if (!/^https?:\/\//.test(hub.endpoint)) {
    throw new LeaError('E_OPTION_VALUE', 'The endpoint must be an http or https URL.', { value: o.endpoint });
  }
  const listing = await listFiles(hub, id, o.revision).catch(async (error: unknown) => {
    throw error instanceof Passing ? await offline(error, hub, id, o.revision, dir) : error;
  });
  const index = listing.files.has(WEIGHTS.single) ? undefined : wanted(listing, [WEIGHTS.index], id)[0]!;
  const names = [...REQUIRED, ...OPTIONAL.filter((name) => listing.files.has(name))];

  let done = 0;
  const fetching = async function* (
    files: readonly HubFile[],
    total: number,
  ): AsyncGenerator<EnvironmentEvent<'download'>, void> {
    for (const file of files) {
      const url = `${hub.endpoint}/${id}/resolve/${listing.commit}/${file.name}`;
      let size = 0;
      for await (size of fetchFile(hub, url, file, dir)) {
        const at = done + size;
        yield { stage: 'download', done: at, total: Math.max(total, at), unit: 'bytes', file: file.name };
      }
      done += size;
    }
  };
  let weights = [WEIGHTS.single];
  if (index) {
    yield* fetching([index], index.size ?? 0);
    const path = join(dir, WEIGHTS.index);
    weights = shardsOf(await readJson(path), path);
  }
  const files = wanted(listing, [...names, ...weights], id);
  const total = done + files.reduce((sum, file) => sum + (file.size ?? 0), 0);
  yield* fetching(files, total);
  return dir;
}

/** Looks up files in a listing by name. @throws LeaError `E_HUB_FILES` */
function wanted({ files }: Listing, names: readonly string[], id: string): HubFile[] {
  return names.map((name) => {
    const file = files.get(name);
    if (file) return file;
    const weights = name === WEIGHTS.index ? ` nor ${WEIGHTS.single}` : '';
    throw new LeaError('E_HUB_FILES', `The model "${id}" has no file ${name}${weights}.`, {
      value: [...files.keys()],
      hint: 'Choose a decoder-only model with a tokenizer.json and weights in the safetensors format.',
    });
  });
}

/** The error for an unreachable hub; its hint says which files to copy by hand. */
async function offline(error: Passing, hub: Hub, id: string, revision: string, dir: string): Promise<LeaError> {
  const folder = resolve(dir);
  const has = (name: string): Promise<boolean> =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  const missing: string[] = [];
  for (const name of [...REQUIRED, ...OPTIONAL]) if (!(await has(name))) missing.push(name);
  if (!(await has(WEIGHTS.single)) && !(await has(WEIGHTS.index))) {
    missing.push(`${WEIGHTS.single} (or ${WEIGHTS.index} and the files that it lists)`);
  }
  const isComplete = missing.every((name) => OPTIONAL.includes(name));
  return new LeaError('E_OFFLINE', `Cannot reach the hub: ${error.message}.`, {
    value: hub.endpoint,
    hint: isComplete
      ? `The files already exist. Call loadLanguageModel(${JSON.stringify(dir)}), which needs no network.`
      : `On a machine with network access, download ${missing.join(', ')} from ` +
        `${hub.endpoint}/${id}/tree/${revision}. Copy the files to ${folder}, then call ` +
        `loadLanguageModel(${JSON.stringify(dir)}).`,
    cause: error,
  });
}
