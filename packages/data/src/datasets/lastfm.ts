import { checkRanges, withDefaults } from '@lea/core';
import { alignCatalog, type Catalog, type Contribution, type ItemRecord } from '../catalog.ts';
import { readInteractions } from '../read/interactions.ts';
import { mapOf, readTable } from '../read/table.ts';
import type { Transitions } from '../sequences.ts';
import { type Dataset, filesOf } from './dataset.ts';
import { readTaggings, type Tagging } from './lastfm-taggings.ts';

const source =
  'The data are "hetrec2011-lastfm-2k" of GroupLens (grouplens.org/datasets/hetrec-2011; Cantador, Brusilovsky, Kuflik 2011). lastfm.inter and lastfm.item are its ' +
  'sequences as in github.com/demoleiwang/LLMSRec_Syn, folder dataset/lastfm.';

/**
 * Last.fm of HetRec 2011: 1,142 users, 11,853 artists, all events `click`. Texts are the artists' names alone. Tags depend on the
 * split, because the events of this data set are the taggings themselves: `lastfmCatalog` adds those that may be known.
 *
 * @throws LeaError `E_DATA_MISSING` and those of the readers
 */
export async function loadLastfm(dir: string): Promise<Dataset> {
  const { events } = await filesOf(dir, { events: 'lastfm.inter', items: 'lastfm.item' }, source);
  const interactions = await readInteractions(events);
  const names = await readNames(dir);
  return { name: 'lastfm', interactions, catalog: catalogOf(interactions.itemIds, names) };
}

export interface LastfmOptions {
  /** How many of an artist's most frequent tags follow its name; a higher number adds rarer ones. Default: 6. */
  tags: number;
}

/**
 * Last.fm's texts "Artist. tag, tag, ..." with the tags that train users gave: those of all users would tell which artists the
 * held-out users chose. Of equally frequent tags the smaller tag id comes first. An artist that no train user tagged has its
 * name alone. `contributions` holds one pair per tagging.
 *
 * The tag files know users by other ids. A user is the tagger of exactly the same artists; one without such a counterpart, or with
 * several, is left out. In the published files every user has exactly one.
 *
 * One limit remains. Texts are per item, so in training the tags of a row's own user are in the texts of that row. A model may
 * therefore trust texts more than it should; what it scores on held-out users is not flattered by it.
 *
 * @param train of a split of the interactions that `loadLastfm` reads. A tagging counts when its user and artist are a decision of it.
 * @throws LeaError `E_DATA_MISSING`, `E_OPTION_VALUE`, `E_USERS_UNMATCHED` and those of the readers
 */
export async function lastfmCatalog(
  dir: string,
  train: Transitions,
  options?: Partial<LastfmOptions>,
): Promise<Catalog & { contributions: Contribution[] }> {
  const { tags } = withDefaults<LastfmOptions>('lastfmCatalog', { tags: 6 }, options);
  checkRanges('lastfmCatalog', { tags }, { tags: [1, Number.MAX_VALUE, 'whole'] });
  const { sequences, event, sequence } = train;
  const { userIds, itemIds, items } = sequences;
  const names = await readNames(dir);
  const pair = (user: number, item: number) => user * itemIds.length + item;
  const decided = new Set(Array.from(event, (e, row) => pair(sequence[row]!, items[e]!)));
  const known = (await readTaggings(dir, names, sequences)).filter(({ user, item }) => decided.has(pair(user, item)));
  return {
    ...catalogOf(itemIds, names, topTags(known, itemIds, tags)),
    contributions: known.map(({ user, item }) => ({ user: userIds[user]!, item: itemIds[item]! })),
  };
}

/** Raw artist id -> name. */
async function readNames(dir: string): Promise<Map<string, string>> {
  const { items } = await filesOf(dir, { items: 'lastfm.item' }, source);
  // The file calls the artist's name movie_title, and quotes as CSV does.
  const table = await readTable(items, {}, () => ({ id: 'item_id', name: 'movie_title' }));
  return new Map(Array.from(mapOf(table, 'id', 'name'), ([id, name]) => [id, unquoted(name)]));
}

function unquoted(cell: string): string {
  return /^".*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

function catalogOf(
  itemIds: readonly string[],
  names: ReadonlyMap<string, string>,
  tags?: ReadonlyMap<string, string>,
): Catalog {
  const record = (id: string, artist: string): ItemRecord => {
    const list = tags?.get(id) ?? '';
    return { text: list ? `${artist}. ${list}` : artist, attributes: { artist, ...(tags && { tags: list }) } };
  };
  return alignCatalog(new Map(Array.from(names, ([id, name]) => [id, record(id, name)])), itemIds);
}

/** Raw artist id -> its `count` most frequent tags as "tag, tag"; of equally frequent ones the first in the list. */
function topTags(taggings: readonly Tagging[], itemIds: readonly string[], count: number): Map<string, string> {
  const counts = new Map<string, Map<string, number>>();
  for (const { item, tag } of taggings) {
    const id = itemIds[item]!;
    const of = counts.get(id) ?? new Map<string, number>();
    counts.set(id, of.set(tag, (of.get(tag) ?? 0) + 1));
  }
  const top = (of: Map<string, number>) => [...of].sort(([, a], [, b]) => b - a).slice(0, count);
  return new Map(
    Array.from(counts, ([id, of]) => [
      id,
      top(of)
        .map(([tag]) => tag)
        .join(', '),
    ]),
  );
}
