import { join } from 'node:path';
import { contentHash, LeaError, parseOptions, type Task, task } from '@lea/core';
import { readWhole, replaceFile } from '@lea/core/node';
import { rowsHash } from '@lea/data';
import { type Environment, loadEnvironment } from '../inference/environment.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { fitEnvironment } from './fit-environment.ts';
import { fitSchema, type GivenFit } from './fit-options.ts';

/**
 * {@link fitEnvironment} with a cache: an environment fitted with the same options is loaded from `dir`; a new one is saved
 * there, in a folder named by the hash of the options.
 *
 * @param dir folder of the cache; undefined: no cache
 * @throws LeaError the errors of `fitEnvironment`, `E_DISK_FULL`, `E_FILE_WRITE`
 */
export function keptFit(
  options: GivenFit,
  dir: string | undefined,
): Task<Environment, EnvironmentEvent<'environment'>> {
  return task(() => keptFitting(options, dir));
}

async function* keptFitting(
  options: GivenFit,
  dir: string | undefined,
): AsyncGenerator<EnvironmentEvent<'environment'>, Environment> {
  if (dir === undefined) return yield* fitEnvironment(options);
  const fit = fitHash(options);
  const folder = join(dir, fit.slice(0, 16));
  const { threads, backend } = options;
  const found = await unlessUnusable(loadEnvironment(folder, { threads, backend }));
  // Environments do not store their options; this file proves that the environment belongs to them.
  const label = join(folder, 'fit.json');
  if (found && (await unlessUnusable(readWhole(label)))?.toString() === labelOf(fit, found)) return found;
  await found?.dispose();
  const environment = yield* fitEnvironment(options);
  await environment.save(folder);
  await replaceFile(label, labelOf(fit, environment));
  return environment;
}

/** Undefined if an environment is missing or damaged, so that it is fitted again. */
function unlessUnusable<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof LeaError) return undefined;
    throw error;
  });
}

function labelOf(fit: string, { hash }: Environment): string {
  return `${JSON.stringify({ fit, environment: hash })}\n`;
}

/** Hash of everything that determines the fit, which excludes the runtime and the name. */
function fitHash({ train, ...given }: GivenFit): string {
  const { validation, tokens, languageModel, signal, name, threads, backend, spinning, ...deciding } = parseOptions(
    'fitEnvironment',
    fitSchema,
    given,
  );
  return contentHash(
    'fitted environment',
    rowsHash(train),
    validation ? rowsHash(validation) : null,
    tokens?.shape ?? null,
    tokens?.data ?? null,
    languageModel?.hash ?? null,
    deciding,
  );
}
