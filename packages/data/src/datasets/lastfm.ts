import { withDefaults } from '@lea/core';
import { alignCatalog, type Catalog, type ItemRecord } from '../catalog.ts';
import { readInteractions } from '../read/interactions.ts';
import { readTable } from '../read/table.ts';
import { type Dataset, filesOf } from './dataset.ts';

const source =
  'The data are "hetrec2011-lastfm-2k" of GroupLens (grouplens.org/datasets/hetrec-2011; Cantador, Brusilovsky, Kuflik 2011). lastfm.inter and lastfm.item are its ' +
  'sequences as in github.com/demoleiwang/LLMSRec_Syn, folder dataset/lastfm; put the original files into raw_hetrec2011 beside them ' +
  '(artists.dat and user_taggedartists.dat gzipped), or set tags to 0 to do without.';

export interface LastfmOptions {
  /** Most frequent tags of an artist that follow its name in the text; 0 reads no tag files. Default: 6. */
  tags: number;
}

/**
 * Last.fm of HetRec 2011: 1,142 users, 11,853 artists, all events `click`. Texts are "Artist. tag, tag, ..."; the two id spaces
 * meet by artist name.
 *
 * @throws LeaError `E_DATA_MISSING` and those of the readers
 */
export async function loadLastfm(dir: string, options?: Partial<LastfmOptions>): Promise<Dataset> {
  const { tags } = withDefaults<LastfmOptions>('loadLastfm', { tags: 6 }, options);
  const files = await filesOf(dir, { events: 'lastfm.inter', items: 'lastfm.item' }, source);
  const interactions = await readInteractions(files.events);
  // The file calls the artist's name movie_title.
  const items = await readTable(files.items, {}, () => ({ id: 'item_id', name: 'movie_title' }));
  const known = tags > 0 ? await topTags(dir, tags) : new Map<string, TaggedArtist>();
  const records = new Map<string, ItemRecord>();
  items.cells.id!.forEach((id, row) => {
    const given = items.cells.name![row]!;
    const artist = known.get(bare(given)) ?? { name: given, tags: [] };
    const list = artist.tags.join(', ');
    records.set(id, {
      text: list ? `${artist.name}. ${list}` : artist.name,
      attributes: { artist: artist.name, tags: list },
    });
  });
  const catalog: Catalog = alignCatalog(records, interactions.itemIds);
  return { name: 'lastfm', interactions, catalog };
}

interface TaggedArtist {
  name: string;
  /** Most frequent first, ties by the smaller tag id. */
  tags: string[];
}

async function topTags(dir: string, count: number): Promise<Map<string, TaggedArtist>> {
  const folder = 'raw_hetrec2011';
  const files = await filesOf(
    dir,
    { artists: `${folder}/artists.dat.gz`, tags: `${folder}/tags.dat`, tagged: `${folder}/user_taggedartists.dat.gz` },
    source,
  );
  const artists = await readTable(files.artists, {}, () => ({ id: 'id', name: 'name' }));
  const tags = await readTable(files.tags, {}, () => ({ id: 'tagID', text: 'tagValue' }));
  const tagged = await readTable(files.tagged, {}, () => ({ artist: 'artistID', tag: 'tagID' }));

  const textOf = new Map(tags.cells.id!.map((id, row) => [id, tags.cells.text![row]!.trim()]));
  const counts = new Map<string, Map<string, number>>();
  tagged.cells.artist!.forEach((artist, row) => {
    const tag = tagged.cells.tag![row]!;
    const of = counts.get(artist) ?? new Map<string, number>();
    counts.set(artist, of.set(tag, (of.get(tag) ?? 0) + 1));
  });
  return new Map(
    artists.cells.id!.map((id, row) => {
      const name = artists.cells.name![row]!;
      const ranked = [...(counts.get(id) ?? [])]
        .sort(([a, n], [b, m]) => m - n || Number(a) - Number(b))
        .slice(0, count);
      return [bare(name), { name, tags: ranked.flatMap(([tag]) => textOf.get(tag) || []) }];
    }),
  );
}

/** Quotation marks were escaped in one file and dropped in another. */
function bare(name: string): string {
  return name.replaceAll('"', '');
}
