import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { loadIndustrial } from './industrial.ts';
import { loadLastfm } from './lastfm.ts';

it('loads Industrial and Scientific', async () => {
  const dir = folderWith({
    'Scientific.test.inter': 'user_id:token\titem_id_list:token_seq\titem_id:token\n0\t1 0\t2\n1\t0\t1\n',
    'Scientific.text': 'item_id:token\ttext:token_seq\nB2\tTwo. Cat. Brand. \nB0\tZero.\nB1\tOne.\n',
    'Scientific.item2index': 'B0\t0\nB1\t1\nB2\t2\n',
  });
  const { name, interactions, catalog } = await loadIndustrial(dir);
  expect(name).toBe('industrial');
  expect([...interactions.item]).toEqual([1, 0, 2, 0, 1]);
  expect(catalog.texts).toEqual(['Zero.', 'One.', 'Two. Cat. Brand.']);
});

const lastfm = {
  'lastfm.inter': 'user_id:token\titem_id:token\ttimestamp:float\n1\t1\t5\n1\t2\t4\n1\t3\t6\n',
  'lastfm.item': 'item_id:token\tmovie_title:token_seq\n1\tEnigma\n2\t"Lee ""Scratch"" Perry"\n3\tNobody\n',
};

it('loads Last.fm with the most frequent tags of each artist', async () => {
  const dir = folderWith({
    ...lastfm,
    'raw_hetrec2011/artists.dat.gz': gzipSync(
      'id\tname\turl\tpictureURL\n8\tEnigma\tu\tp\n9\tLee "Scratch" Perry\tu\tp\n',
    ),
    'raw_hetrec2011/tags.dat': 'tagID\ttagValue\n1\trock\n2\tambient\n3\tdub\n',
    'raw_hetrec2011/user_taggedartists.dat.gz': gzipSync(
      'userID\tartistID\ttagID\tday\tmonth\tyear\n' +
        [1, 2, 3, 3].map((tag, user) => `${user}\t8\t${tag}\t1\t1\t2009\n`).join('') +
        '5\t9\t3\t1\t1\t2009\n',
    ),
  });
  const { interactions, catalog } = await loadLastfm(dir, { tags: 2 });
  expect([...interactions.item]).toEqual([1, 0, 2]);
  expect(catalog.texts).toEqual(['Enigma. dub, rock', 'Lee "Scratch" Perry. dub', 'Nobody']);
});

it('does without tags on demand', async () => {
  const { catalog } = await loadLastfm(folderWith(lastfm), { tags: 0 });
  expect(catalog.texts[0]).toBe('Enigma');
});

it('says which files are missing and where people get them', async () => {
  await expect(loadIndustrial(folderWith({ 'Scientific.text': '' }))).rejects.toThrow(
    /lacks Scientific\.test\.inter, Scientific\.item2index.*Amazon Review Data 2018.*UniSRec/,
  );
  await expect(loadLastfm(folderWith(lastfm))).rejects.toThrow(/raw_hetrec2011\/artists\.dat\.gz.*GroupLens/);
});
