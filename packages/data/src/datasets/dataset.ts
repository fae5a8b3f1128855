import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import type { Interactions } from '../interactions.ts';
import type { ItemTexts } from '../item-texts.ts';

/** The events of a data set. */
export interface EventSet {
  /** Short name of the data set, such as `lastfm`. */
  name: string;
  /** Its events. */
  interactions: Interactions;
}

/** The events and item texts of a data set. */
export interface Dataset extends EventSet {
  /** Its item texts, in the item order of `interactions`. */
  itemTexts: ItemTexts;
}

/**
 * Paths of the files of a data set.
 *
 * @throws LeaError `E_DATA_MISSING`, which names the missing files and where to get them
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
    throw new LeaError('E_DATA_MISSING', `The folder lacks ${missing.join(', ')}.`, {
      value: dir,
      hint: source,
    });
  }
  return Object.fromEntries(entries) as Record<Name, string>;
}
