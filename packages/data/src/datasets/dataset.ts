import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import type { Catalog } from '../catalog.ts';
import type { Interactions } from '../interactions.ts';

/** Events of one data set. */
export interface EventSet {
  name: string;
  interactions: Interactions;
}

/** Events and texts of one data set. */
export interface Dataset extends EventSet {
  catalog: Catalog;
}

/**
 * Paths of the files of a data set.
 *
 * @throws LeaError `E_DATA_MISSING` naming those that are not there and where people get them
 */
export async function filesOf<Name extends string>(
  dir: string,
  names: Readonly<Record<Name, string>>,
  source: string,
): Promise<Record<Name, string>> {
  const entries = Object.entries<string>(names).map(([name, file]) => [name, join(dir, file)] as const);
  const there = await Promise.all(
    entries.map(([, path]) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  const missing = Object.values<string>(names).filter((_, i) => !there[i]);
  if (missing.length > 0) {
    throw new LeaError('E_DATA_MISSING', `The folder "${dir}" lacks ${missing.join(', ')}.`, {
      value: dir,
      hint: source,
    });
  }
  return Object.fromEntries(entries) as Record<Name, string>;
}
