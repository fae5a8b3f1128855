import { join } from 'node:path';
import { contentHash, LeaError, parseOptions, type Task, task } from '@lea/core';
import { readWhole, replaceFile } from '@lea/core/node';
import { rowsHash } from '@lea/data';
import { type Environment, loadEnvironment } from '../inference/environment.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { fitEnvironment } from './fit-environment.ts';
import { fitSchema, type GivenFit } from './fit-options.ts';

/**
 * As {@link fitEnvironment}, but an environment that was fitted with the same options is read from `dir`, and a new one is
 * kept there, in a folder named by the hash of these options.
 *
 * @param dir without it nothing is kept
 * @throws LeaError those of `fitEnvironment`, `E_DISK_FULL`, `E_FILE_WRITE`
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
  // An environment does not know how it was fitted: this says that it is the one that belongs here.
  const label = join(folder, 'fit.json');
  if (found && (await unlessUnusable(readWhole(label)))?.toString() === labelOf(fit, found)) return found;
  await found?.dispose();
  const environment = yield* fitEnvironment(options);
  await environment.save(folder);
  await replaceFile(label, labelOf(fit, environment));
  return environment;
}

/** A missing or damaged environment is fitted again; nothing is lost by it. */
function unlessUnusable<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof LeaError) return undefined;
    throw error;
  });
}

function labelOf(fit: string, { hash }: Environment): string {
  return `${JSON.stringify({ fit, environment: hash })}\n`;
}

/** Of all that decides the fit: how programs are run and what the environment is called do not. */
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
