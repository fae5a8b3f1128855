import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { lastfmFolder } from '../fixtures/lastfm.ts';
import { leaveOneOut } from '../split/by-order.ts';
import { splitByUserLists } from '../split/by-user.ts';
import { findTextLeaks } from '../text-leaks.ts';
import { lastfmItemTexts, loadLastfm } from './lastfm.ts';

const users = { 1: [2, 1], 2: [1, 4], 3: [1, 2, 3], 4: [3, 1] };
const taggers = {
  21: '11:3 12:3 11:1 11:2',
  22: '14:4 11:2 19:1',
  23: '13:1 11:1 12:1 11:4 11:3',
  24: '11:4 13:4',
};

it('loads events, and the names of the artists as texts', async () => {
  const dir = lastfmFolder(users, taggers);
  const { name, interactions, itemTexts } = await loadLastfm(dir);
  expect(name).toBe('lastfm');
  expect([...interactions.item.slice(0, 4)]).toEqual([1, 0, 0, 3]);
  expect(itemTexts.texts).toEqual(['Enigma', 'Lee "Scratch" Perry', 'Nobody', 'Weird Al']);
});

it('adds the most frequent tags that train users gave, smaller tag ids first', async () => {
  const dir = lastfmFolder(users, taggers);
  const split = splitByUserLists((await loadLastfm(dir)).interactions, { validation: ['3'], test: ['4'] });
  const itemTexts = await lastfmItemTexts(dir, split.train, { tags: 2 });
  expect(itemTexts.texts).toEqual(['Enigma. ambient, rock', 'Lee "Scratch" Perry. dub', 'Nobody', 'Weird Al. funny']);
  expect(itemTexts.attributes).toEqual({
    artist: ['Enigma', 'Lee "Scratch" Perry', 'Nobody', 'Weird Al'],
    tags: ['ambient, rock', 'dub', '', 'funny'],
  });
  expect(new Set(itemTexts.contributions.map(({ user, item }) => `${user} ${item}`))).toEqual(
    new Set(['1 1', '1 2', '2 1', '2 4']),
  );
  expect(findTextLeaks(split, itemTexts.contributions).leaks).toEqual([]);
});

it('leaves out what train users tag in held-out decisions', async () => {
  const dir = lastfmFolder(users, taggers);
  const split = leaveOneOut((await loadLastfm(dir)).interactions);
  const contributions = (await lastfmItemTexts(dir, split.train)).contributions;
  expect(new Set(contributions.filter(({ user }) => user === '3').map(({ item }) => item))).toEqual(new Set(['1']));
  expect(findTextLeaks(split, contributions).leaks).toEqual([]);
});

it('leaves out users whose artists nobody or several people tagged', async () => {
  const dir = lastfmFolder(
    { 1: [1, 2], 2: [1, 3], 3: [4], 4: [2, 3], 5: [2, 3], 6: [4, 2] },
    {
      21: '11:1 12:1', // as user 1
      22: '11:2', // not all artists of user 2
      23: '14:3', // users 23 and 24 both as user 3
      24: '14:3',
      25: '12:4 13:4', // users 4 and 5 alike
      26: '14:2 12:2 13:2', // more than user 6
    },
  );
  const { train } = splitByUserLists((await loadLastfm(dir)).interactions, { validation: [], test: [] });
  const { contributions } = await lastfmItemTexts(dir, train);
  expect(contributions).toEqual([
    { user: '1', item: '1' },
    { user: '1', item: '2' },
  ]);
});

it('refuses tag files of other users, and texts of no tags', async () => {
  const dir = lastfmFolder({ 1: [1, 2] }, { 21: '11:1' });
  const { train } = splitByUserLists((await loadLastfm(dir)).interactions, { validation: [], test: [] });
  await expect(lastfmItemTexts(dir, train)).rejects.toMatchObject({ code: 'E_USERS_UNMATCHED' });
  await expect(lastfmItemTexts(dir, train, { tags: 0 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
});

it('refuses two names for an artist, and names in another encoding', async () => {
  const files = (items: string | Uint8Array) =>
    folderWith({ 'lastfm.inter': 'user_id\titem_id\r\n1\t1\n', 'lastfm.item': items });
  const header = 'item_id\tmovie_title\n';
  await expect(loadLastfm(files(`${header}1\tEnigma\n1\tEnigmo\n`))).rejects.toThrow(
    /lastfm\.item line 3, column movie_title: "1" .*Got "Enigmo"/,
  );
  expect((await loadLastfm(files(`${header}1\tEnigma\r1\tEnigma\r\n`))).itemTexts.texts).toEqual(['Enigma']);
  const latin = Buffer.from(`${header}1\tBj\u00f6rk\n`, 'latin1');
  await expect(loadLastfm(files(latin))).rejects.toThrow(/lastfm\.item line 2: .*not valid utf-8/);
});

it('says which files are missing and where people get them', async () => {
  await expect(loadLastfm(folderWith({ 'lastfm.inter': '' }))).rejects.toThrow(/lacks lastfm\.item.*GroupLens/);
  const dir = folderWith({
    'lastfm.inter': 'user_id\titem_id\n1\t1\n',
    'lastfm.item': 'item_id\tmovie_title\n1\tEnigma\n',
  });
  const { train } = splitByUserLists((await loadLastfm(dir)).interactions, { validation: [], test: [] });
  await expect(lastfmItemTexts(dir, train)).rejects.toThrow(/raw_hetrec2011\/artists\.dat\.gz.*GroupLens/);
});
