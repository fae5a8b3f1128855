import { join } from 'node:path';
import { contentHash, LeaError, withDefaults } from '@lea/core';
import { rowsHash } from '@lea/data';
import { type Environment, loadEnvironment } from './environment.ts';
import { fitEnvironment } from './fit-environment.ts';
import { DEFAULTS, type GivenFit } from './fit-options.ts';
import type { Progress } from './progress.ts';

/**
 * As {@link fitEnvironment}, but an environment that was fitted with the same options is read from `dir`, and a new one is
 * kept there, in a folder named by the hash of these options.
 *
 * @param dir without it nothing is kept
 * @throws LeaError those of `fitEnvironment`, `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function* keptFit(options: GivenFit, dir: string | undefined): AsyncGenerator<Progress, Environment> {
  if (dir === undefined) return yield* fitEnvironment(options);
  const folder = join(dir, fitHash(options).slice(0, 16));
  const { threads, backend } = options;
  const found = await loadEnvironment(folder, { threads, backend }).catch((error: unknown) => {
    // A missing or damaged environment is fitted again; nothing is lost by it.
    if (error instanceof LeaError) return undefined;
    throw error;
  });
  if (found) return found;
  const environment = yield* fitEnvironment(options);
  await environment.save(folder);
  return environment;
}

/** Of all that decides the fit: how programs are run and what the environment is called do not. */
function fitHash({ train, ...given }: GivenFit): string {
  const { validation, tokens, lm, signal, name, threads, backend, spinning, ...deciding } = withDefaults(
    'fitEnvironment',
    DEFAULTS,
    given,
  );
  return contentHash(
    'fitted environment',
    rowsHash(train),
    validation ? rowsHash(validation) : null,
    tokens?.shape ?? null,
    tokens?.data ?? null,
    lm?.hash ?? null,
    deciding,
  );
}
