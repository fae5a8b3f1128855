import { LeaError } from '@lea/core';
import { mapOf, readTable } from '../read/table.ts';
import type { Sequences } from '../sequences.ts';
import { filesOf } from './dataset.ts';

const source =
  'They belong to "hetrec2011-lastfm-2k" of GroupLens (grouplens.org/datasets/hetrec-2011): put them into raw_hetrec2011, ' +
  'with artists.dat and user_taggedartists.dat gzipped. The catalog of loadLastfm, with names only, does not need them.';

/** A user gave an artist a tag. */
export interface Tagging {
  /** Index of the sequence. */
  user: number;
  /** Index of the item. */
  item: number;
  tag: string;
}

/**
 * All taggings by the users of the sequences, in the order of tag ids. Artists are matched by name. A user is matched with
 * the tagger who tagged exactly the same artists; taggings of users with no match or several matches are left out.
 *
 * @param names raw artist id -> name
 * @throws LeaError `E_DATA_MISSING`, `E_USERS_UNMATCHED` when no user can be matched, and the errors of the readers
 */
export async function readTaggings(
  dir: string,
  names: ReadonlyMap<string, string>,
  sequences: Sequences,
): Promise<Tagging[]> {
  const folder = 'raw_hetrec2011';
  const files = await filesOf(
    dir,
    { artists: `${folder}/artists.dat.gz`, tags: `${folder}/tags.dat`, tagged: `${folder}/user_taggedartists.dat.gz` },
    source,
  );
  const artists = await readTable(files.artists, {}, () => ({ id: 'id', name: 'name' }));
  const tags = await readTable(files.tags, {}, () => ({ id: 'tagID', text: 'tagValue' }));
  const tagged = await readTable(files.tagged, {}, () => ({ user: 'userID', artist: 'artistID', tag: 'tagID' }));

  const byName = new Map(sequences.itemIds.map((id, item) => [bare(names.get(id) ?? ''), item]));
  const itemOf = new Map(Array.from(mapOf(artists, 'id', 'name'), ([id, name]) => [id, byName.get(bare(name))]));
  const tagOf = mapOf(tags, 'id', 'text');
  const rows = tagged.cells.user!.flatMap((user, row) => {
    const item = itemOf.get(tagged.cells.artist![row]!);
    const tag = tagOf.get(tagged.cells.tag![row]!);
    return item === undefined || !tag ? [] : [{ user, item, tag, tagId: Number(tagged.cells.tag![row]) }];
  });
  const userOf = counterparts(rows, sequences);
  return rows
    .sort((a, b) => a.tagId - b.tagId)
    .flatMap(({ user, item, tag }) => {
      const index = userOf.get(user);
      return index === undefined ? [] : [{ user: index, item, tag }];
    });
}

/** Tagger -> the only user with the same set of artists. */
function counterparts(rows: readonly { user: string; item: number }[], sequences: Sequences): Map<string, number> {
  const artistsOf = new Map<string, Set<number>>();
  for (const { user, item } of rows) artistsOf.set(user, (artistsOf.get(user) ?? new Set()).add(item));
  const { userIds, items, offsets } = sequences;
  const taggers = holders([...artistsOf]);
  const users = holders(userIds.map((_, u) => [u, new Set(items.subarray(offsets[u]!, offsets[u + 1]!))]));
  const pairs = Array.from(users, ([artists, [user, ...others]]) => {
    const [tagger, ...rivals] = taggers.get(artists) ?? [];
    return others.length + rivals.length === 0 && tagger !== undefined ? [[tagger, user!] as const] : [];
  }).flat();
  if (pairs.length > 0) return new Map(pairs);
  throw new LeaError(
    'E_USERS_UNMATCHED',
    'No user of lastfm.inter tagged the same artists as a user of the tag files.',
    {
      value: userIds.slice(0, 5),
      hint: 'Download all files from the sources in the README, or use the catalog of loadLastfm, which needs no tags.',
    },
  );
}

/** Set of artists, as a string -> the users with exactly that set. */
function holders<Id>(sets: readonly (readonly [Id, ReadonlySet<number>])[]): Map<string, Id[]> {
  const of = new Map<string, Id[]>();
  for (const [id, artists] of sets) {
    const text = [...artists].sort((a, b) => a - b).join(' ');
    of.set(text, [...(of.get(text) ?? []), id]);
  }
  return of;
}

/** One of the files lacks the quotation marks in some names. */
function bare(name: string): string {
  return name.replaceAll('"', '');
}
