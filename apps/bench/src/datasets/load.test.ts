import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld, leaveOneOut } from '@lea/data';
import { expect, test } from 'vitest';
import type { DatasetConfig } from '../config/schema.ts';
import { loadDataset } from './load.ts';
import { locate } from './locate.ts';
import { splitAs } from './split.ts';

const config: DatasetConfig = {
  type: 'files',
  interactions: 'events.csv',
  columns: { user: 'visitor', item: 'sku', time: 'at', kind: 'event' },
  kinds: { view: 'click', buy: 'purchase' },
  catalog: 'items.csv',
  text: { column: 'sku', template: '{title} by {brand}' },
};

function folder(files: Record<string, string>): string {
  const at = mkdtempSync(join(tmpdir(), 'lea-data-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
  return at;
}

const events = 'visitor,sku,at,event\nu,b,2,buy\nu,a,1,view\nv,a,1,view\nw,b,5,view\n';
const items = 'sku,title,brand\na,Saw,Acme\nb,Vice,\n';

test('own files: events, kinds and texts', async () => {
  const at = folder({ 'events.csv': events, 'items.csv': items });
  const { interactions, catalogOf } = await loadDataset(config, undefined, at);
  const catalog = await catalogOf(leaveOneOut(interactions).train);
  expect(interactions.kinds).toEqual(['click', 'purchase']);
  expect([...interactions.item.slice(0, 2)]).toEqual([0, 1]);
  expect(catalog!.texts[0]).toBe('Saw by Acme');
});

test.each([
  ['an empty file', { 'events.csv': '', 'items.csv': items }, /events\.csv/],
  ['a missing column', { 'events.csv': events.replace('sku', 'item'), 'items.csv': items }, /events\.csv.*"sku"/s],
  ['an item without text', { 'events.csv': `${events}w,c,6,view\n`, 'items.csv': items }, /"c"/],
  ['a kind that is not mapped', { 'events.csv': `${events}w,a,6,cart\n`, 'items.csv': items }, /line 6.*"cart"/s],
])('%s is refused by name', async (_, files, message) => {
  await expect(loadDataset(config, undefined, folder(files))).rejects.toThrow(message);
});

test.each(['industrial', 'lastfm', 'retailrocket'] as const)(
  'without the files of %s the way to name their folder is told',
  async (type) => {
    const loading = loadDataset({ type }, folder({}), '.');
    await expect(loading).rejects.toThrow(/lacks.*github\.com.*--data DIR/s);
  },
);

test('--data names the folder itself or the one that holds it', async () => {
  const at = folder({});
  expect(await locate(at, 'lastfm_hetrec')).toBe(at);
  mkdirSync(join(at, 'lastfm_hetrec'));
  expect(await locate(at, 'lastfm_hetrec')).toBe(join(at, 'lastfm_hetrec'));
});

test('user lists come from a file or with the bench', async () => {
  const at = folder({
    'events.csv': events,
    'items.csv': items,
    'lists.json': '{"validation":["v"],"test":"w"}',
    'bad.json': '{"tests":[]}',
  });
  const { interactions } = await loadDataset(config, undefined, at);
  const split = await splitAs({ type: 'user-lists', lists: 'lists.json' }, interactions, at);
  expect([split.train.count, split.validation.count, split.test.count]).toEqual([2, 1, 1]);
  await expect(splitAs({ type: 'user-lists', lists: 'bad.json' }, interactions, at)).rejects.toThrow(
    /bad\.json must hold/,
  );
  // the included lists are of other users
  await expect(splitAs({ type: 'user-lists', lists: 'lastfm' }, interactions, at)).rejects.toThrow();
});

test('an inherited name is no list of users', async () => {
  const { interactions } = createWorld({ users: 20, items: 10 });
  const asked = splitAs({ type: 'user-lists', lists: 'toString' }, interactions, tmpdir());
  await expect(asked).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
});
