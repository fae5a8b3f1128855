import { checkPaths, checkRanges, type Given, withDefaults } from '@lea/core';
import { checkTransitions } from '../arguments.ts';
import { alignItemTexts, type Contribution, type ItemRecord, type ItemTexts } from '../item-texts.ts';
import { readInteractions } from '../read/interactions.ts';
import { mapOf, readTable } from '../read/table.ts';
import type { Transitions } from '../sequences.ts';
import { type Dataset, filesOf } from './dataset.ts';
import { readTaggings, type Tagging } from './lastfm-taggings.ts';

const source =
  'The data set is "hetrec2011-lastfm-2k" of GroupLens ' +
  '(grouplens.org/datasets/hetrec-2011; Cantador, Brusilovsky, Kuflik 2011). ' +
  'Get lastfm.inter and lastfm.item from github.com/demoleiwang/LLMSRec_Syn, folder dataset/lastfm.';

/**
 * Last.fm of HetRec 2011: 1,142 users, 11,853 artists, all events `click`. The texts are the artists' names only. Tags depend
 * on the split, because the events of this data set are taggings themselves: `lastfmItemTexts` adds the tags known in training.
 *
 * @throws LeaError `E_DATA_MISSING` and the errors of the readers
 */
export async function loadLastfm(dir: string): Promise<Dataset> {
  checkPaths('loadLastfm', { dir });
  const { events } = await filesOf(dir, { events: 'lastfm.inter', items: 'lastfm.item' }, source);
  const interactions = await readInteractions(events);
  const names = await readNames(dir);
  return { name: 'lastfm', interactions, itemTexts: itemTextsOf(interactions.itemIds, names) };
}

/** Options of `lastfmItemTexts`. */
export interface LastfmOptions {
  /** Number of an artist's most frequent tags that follow its name; a higher number adds rarer tags. Default: 6. */
  tags: number;
}

/**
 * Last.fm's texts "Artist. tag, tag, ..." with the tags of train users only: tags of all users would reveal which artists the
 * held-out users chose. Equally frequent tags are ordered by tag id. An artist that no train user tagged has only its name.
 * `contributions` has one pair per tagging.
 *
 * The tag files use different user ids. A user is matched with the tagger who tagged exactly the same artists; users with no
 * match or several matches are left out. In the published files every user has exactly one match.
 *
 * One limit remains: texts are per item, so in training the texts of a row include the tags of the row's own user. A model may
 * therefore rely on texts more than it should, but its results on held-out users are not inflated.
 *
 * @param train the train set of a split of `loadLastfm`'s interactions. A tagging counts if the user's choice of the artist is
 *   one of its decisions.
 * @throws LeaError `E_DATA_MISSING`, `E_OPTION_VALUE`, `E_USERS_UNMATCHED` and the errors of the readers
 */
export async function lastfmItemTexts(
  dir: string,
  train: Transitions,
  options?: Given<LastfmOptions>,
): Promise<ItemTexts & { contributions: Contribution[] }> {
  checkPaths('lastfmItemTexts', { dir });
  checkTransitions('lastfmItemTexts', { train });
  const { tags } = withDefaults<LastfmOptions>('lastfmItemTexts', { tags: 6 }, options);
  checkRanges('lastfmItemTexts', { tags }, { tags: [1, Number.MAX_VALUE, 'whole'] });
  const { sequences, event, sequence } = train;
  const { userIds, itemIds, items } = sequences;
  const names = await readNames(dir);
  const pair = (user: number, item: number) => user * itemIds.length + item;
  const decided = new Set(Array.from(event, (e, row) => pair(sequence[row]!, items[e]!)));
  const known = (await readTaggings(dir, names, sequences)).filter(({ user, item }) => decided.has(pair(user, item)));
  return {
    ...itemTextsOf(itemIds, names, topTags(known, itemIds, tags)),
    contributions: known.map(({ user, item }) => ({ user: userIds[user]!, item: itemIds[item]! })),
  };
}

/** Raw artist id -> name. */
async function readNames(dir: string): Promise<Map<string, string>> {
  const { items } = await filesOf(dir, { items: 'lastfm.item' }, source);
  // The file calls the artist's name movie_title and quotes cells as in CSV.
  const table = await readTable(items, {}, () => ({ id: 'item_id', name: 'movie_title' }));
  return new Map(Array.from(mapOf(table, 'id', 'name'), ([id, name]) => [id, unquoted(name)]));
}

function unquoted(cell: string): string {
  return /^".*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

function itemTextsOf(
  itemIds: readonly string[],
  names: ReadonlyMap<string, string>,
  tags?: ReadonlyMap<string, string>,
): ItemTexts {
  const record = (id: string, artist: string): ItemRecord => {
    const list = tags?.get(id) ?? '';
    return { text: list ? `${artist}. ${list}` : artist, attributes: { artist, ...(tags && { tags: list }) } };
  };
  return alignItemTexts(new Map(Array.from(names, ([id, name]) => [id, record(id, name)])), itemIds);
}

/** Raw artist id -> its `count` most frequent tags as "tag, tag"; ties keep the order of the list. */
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
