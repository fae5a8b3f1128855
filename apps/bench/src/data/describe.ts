import { contentHash, LeaError } from '@lea/core';
import { dataHash, findTextLeaks, type Interactions, type ItemTexts, type Split, type World } from '@lea/data';
import { counted } from '../terminal/counted.ts';
import type { Source } from './load.ts';

/** The data set of an experiment. */
export interface Dataset {
  readonly name: string;
  readonly interactions: Interactions;
  readonly itemTexts: ItemTexts | undefined;
  /** Hash of events and texts. */
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
export async function describe({ itemTextsOf, ...source }: Source, split: Split): Promise<Dataset> {
  const itemTexts = await itemTextsOf(split.train);
  refuseLeaks(source.name, itemTexts, split);
  const { interactions } = source;
  return { ...source, itemTexts, hash: contentHash(dataHash(interactions), itemTexts?.texts ?? null) };
}

function refuseLeaks(name: string, itemTexts: ItemTexts | undefined, split: Split): void {
  const { leaks, counts } = findTextLeaks(split, itemTexts?.contributions ?? []);
  if (leaks.length === 0) return;
  const told = (['validation', 'test'] as const).map(
    (set) => `${counts[set].leaking} of ${counts[set].decisions} ${set} decisions`,
  );
  throw new LeaError('E_TEXT_LEAK', `${name}: in ${told.join(' and ')}, the user contributed to the item's text.`, {
    value: leaks.slice(0, 3),
    hint: 'Build the texts only from data that is known in training.',
  });
}

/** `lastfm: 1,142 users, 11,853 items, 68,436 events, 59.9 per user`: the size of the data, which goes with every number measured on them. */
export function statisticsOf({ name, interactions }: Pick<Dataset, 'name' | 'interactions'>): string {
  const { userIds, itemIds, item } = interactions;
  const length = (item.length / userIds.length).toFixed(1);
  return `${name}: ${counted(userIds.length, 'user')}, ${counted(itemIds.length, 'item')}, ${counted(item.length, 'event')}, ${length} per user`;
}
