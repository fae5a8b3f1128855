import { contentHash, LeaError } from '@lea/core';
import { type Catalog, dataHash, findTextLeaks, type Interactions, type Split, type World } from '@lea/data';
import type { Source } from './load.ts';

/** What an experiment runs on. */
export interface Dataset {
  readonly name: string;
  readonly interactions: Interactions;
  readonly catalog: Catalog | undefined;
  /** Of events and texts. */
  readonly hash: string;
  /** The synthetic world it comes from, whose true rewards are known. */
  readonly world?: World;
}

/**
 * The data with the texts that go with a split.
 *
 * @throws LeaError `E_TEXT_LEAK` when held-out users are known to have had a part in the texts of what they then chose, and
 *   those of the readers
 */
export async function describe({ catalogOf, ...source }: Source, split: Split): Promise<Dataset> {
  const catalog = await catalogOf(split.train);
  refuseLeaks(source.name, catalog, split);
  const { interactions } = source;
  return { ...source, catalog, hash: contentHash(dataHash(interactions), catalog?.texts ?? null) };
}

function refuseLeaks(name: string, catalog: Catalog | undefined, split: Split): void {
  const { leaks, counts } = findTextLeaks(split, catalog?.contributions ?? []);
  if (leaks.length === 0) return;
  const told = (['validation', 'test'] as const).map(
    (set) => `${counts[set].leaking} of ${counts[set].decisions} decisions of ${set}`,
  );
  throw new LeaError('E_TEXT_LEAK', `${name}: the user of ${told.join(' and of ')} had a part in the item's text.`, {
    value: leaks.slice(0, 3),
    hint: 'Make the texts of what is known in training.',
  });
}
