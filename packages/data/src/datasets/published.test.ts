import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { findLeaks } from '../leaks.ts';
import { splitByUser } from '../split/by-user.ts';
import { findTextLeaks } from '../text-leaks.ts';
import { lastfmItemTexts, loadLastfm } from './lastfm.ts';
import { readTaggings } from './lastfm-taggings.ts';
import { loadMl1m } from './ml-1m.ts';
import { loadRetailrocket } from './retailrocket.ts';
import { loadRetailrocketEvents } from './retailrocket-events.ts';

const data = process.env.LEA_DATA;

describe.skipIf(!data)('the published files (skipped unless LEA_DATA is the folder of the data sets)', () => {
  it('Last.fm: tags of all users leak every held-out decision, those of train users none', async () => {
    const dir = `${data}/lastfm_hetrec`;
    const { interactions, itemTexts } = await loadLastfm(dir);
    const { userIds, itemIds } = interactions;
    const split = splitByUser(interactions);
    const names = new Map(itemIds.map((id, item) => [id, itemTexts.texts[item]!]));
    const taggings = await readTaggings(dir, names, split.train.sequences);
    expect(new Set(taggings.map(({ user }) => user)).size).toBe(1142);
    const all = taggings.map(({ user, item }) => ({ user: userIds[user]!, item: itemIds[item]! }));
    const { validation, test } = findTextLeaks(split, all).counts;
    expect([validation.leaking, test.leaking]).toEqual([split.validation.count, split.test.count]);

    const { contributions } = await lastfmItemTexts(dir, split.train);
    expect(contributions.length).toBeGreaterThan(split.train.count);
    expect(findTextLeaks(split, contributions).leaks).toEqual([]);
  });

  it('MovieLens 1M: counts', async () => {
    const { interactions } = await loadMl1m(`${data}/ml-1m_sequences`);
    const { userIds, itemIds, item } = interactions;
    expect([userIds.length, itemIds.length, item.length]).toEqual([6040, 3416, 987_019 + 6040]);
  });

  it('RetailRocket: counts, and no run of five events in two sets', async () => {
    const { interactions } = await loadRetailrocket(`${data}/retailrocket/multi_behavior`);
    const { userIds, itemIds, kinds, kind } = interactions;
    const events = kinds.map((_, k) => kind.filter((given) => given === k).length);
    expect([userIds.length, itemIds.length, kinds, events]).toEqual([4125, 6596, ['click', 'purchase'], [25131, 8065]]);
    expect(findLeaks(splitByUser(interactions)).leaks).toEqual([]);
  });

  it('RetailRocket: the sample of raw events', async () => {
    const sample = await readFile(`${data}/retailrocket/raw_event_sample/sample_events.csv`);
    const { interactions } = await loadRetailrocketEvents(folderWith({ 'events.csv': sample }));
    const { kinds, item, itemIds, time } = interactions;
    const counts = new Int32Array(itemIds.length);
    for (const i of item) counts[i]!++;
    expect([kinds, Math.min(...counts)]).toEqual([['click', 'purchase'], 3]);
    expect(new Date(Math.min(...time)).toISOString().slice(0, 7)).toBe('2015-05');
  });
});
