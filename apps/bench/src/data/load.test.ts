import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld, type Interactions, splitBy, splitByUser } from '@lea/data';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { type DatasetConfig, experimentSchema, type SplitConfig } from '../config/schema.ts';
import { prepareData, sayData } from '../experiment/prepare.ts';
import { loadDataset } from './load.ts';
import { locate } from './locate.ts';
import { splitAs } from './split.ts';

const config = {
  type: 'files',
  interactions: 'events.csv',
  columns: { user: 'visitor', item: 'sku', time: 'at', kind: 'event' },
  kinds: { view: 'click', buy: 'purchase' },
  itemTexts: 'items.csv',
  text: { column: 'sku', template: '{title} by {brand}' },
} satisfies DatasetConfig;

const { itemTexts: _, text: __, ...onlyEvents } = config;

const allToTrain = (interactions: Interactions) => splitBy(interactions, () => 'train', { kind: 'own' });

function folder(files: Record<string, string | Uint8Array>): string {
  const at = mkdtempSync(join(tmpdir(), 'lea-data-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
  return at;
}

const events = 'visitor,sku,at,event\nu,b,2,buy\nu,a,1,view\nv,a,1,view\nw,b,5,view\n';
const items = 'sku,title,brand\na,Saw,Acme\nb,Vice,\n';

test('own files: events, kinds and texts', async () => {
  const at = folder({ 'events.csv': events, 'items.csv': items });
  const { interactions, itemTextsOf } = await loadDataset(config, undefined, at);
  const itemTexts = await itemTextsOf(allToTrain(interactions).train);
  expect(interactions.kinds).toEqual(['click', 'purchase']);
  expect([...interactions.item.slice(0, 2)]).toEqual([0, 1]);
  expect(itemTexts!.texts[0]).toBe('Saw by Acme');
});

test.each([
  ['an empty file', { 'events.csv': '', 'items.csv': items }, /events\.csv/],
  ['a missing column', { 'events.csv': events.replace('sku', 'item'), 'items.csv': items }, /events\.csv.*"sku"/s],
  ['an item without text', { 'events.csv': `${events}w,c,6,view\n`, 'items.csv': items }, /"c"/],
  ['a kind that is not mapped', { 'events.csv': `${events}w,a,6,cart\n`, 'items.csv': items }, /line 6.*"cart"/s],
])('%s is refused by name', async (_, files, message) => {
  await expect(loadDataset(config, undefined, folder(files))).rejects.toThrow(message);
});

test('the config says how each file is read', async () => {
  const at = folder({
    'events.csv': Buffer.from('n1;\xe9 ,x;a\nNULL;b;\xe9\n', 'latin1'),
    'items.dat': Buffer.from('\xe9|Saw 1/2" \na|NA\nb|Vice\nx|Nail\n', 'latin1'),
  });
  const { dataset } = v.parse(v.object({ dataset: experimentSchema.entries.dataset }), {
    dataset: {
      type: 'files',
      interactions: 'events.csv',
      delimiter: ';',
      encoding: 'latin-1',
      header: ['user', 'item_id_list', 'item'],
      separator: ',',
      missing: [],
      trim: true,
      maxRecordSize: 100,
      itemTexts: 'items.dat',
      text: {
        delimiter: '|',
        quote: null,
        encoding: 'windows-1252',
        header: ['item_id', 'text'],
        missing: ['none'],
      },
    },
  });
  const { interactions, itemTextsOf } = await loadDataset(dataset, undefined, at);
  expect(interactions.userIds).toEqual(['NULL', 'n1']);
  expect(interactions.itemIds).toEqual(['a', 'b', 'x', 'é']);
  const itemTexts = await itemTextsOf(allToTrain(interactions).train);
  expect(itemTexts!.texts).toEqual(['NA', 'Vice', 'Nail', 'Saw 1/2"']);
});

test.each([
  [{ type: 'by-time', validationFrom: 3, testFrom: 3 }, 'for validation'],
  [{ type: 'by-time', validationFrom: 5, testFrom: 9 }, 'for test'],
  [{ type: 'by-time', validationFrom: '1970-01-01 00:00:00.005', testFrom: '2024-05-01' }, 'for test'],
  [{ type: 'leave-one-out' }, 'for validation and test'],
  // Of the four times 1, 1, 2, 5 the middle is 2.
  [{ type: 'by-time-quantiles', validationFrom: 0.5, testFrom: 0.6 }, 'for validation'],
] as [SplitConfig, string][])('%j leaves no events %s, which is said', async (config, sets) => {
  const { interactions } = await loadDataset(onlyEvents, undefined, folder({ 'events.csv': events }));
  await expect(splitAs(config, interactions, '.')).rejects.toMatchObject({
    code: 'E_SPLIT_EMPTY',
    message: expect.stringMatching(`leaves no events ${sets}\\b`),
  });
});

test("a column of rewards is read, and a log without one is refused where rewards are the log's own", async () => {
  const at = folder({ 'events.csv': 'user,item,price\nu,a,2.5\nu,b,-1\nu,c,4\nv,a,1\nv,b,1\nv,c,1\n' });
  const columns = { user: 'user', item: 'item', reward: 'price' };
  const loaded = (config: object, metrics: string[] = []) => {
    const experiment = { dataset: { ...onlyEvents, kinds: undefined, ...config }, rewards: 'logged', metrics };
    const rest = { split: { type: 'leave-one-out' }, runs: [], baselines: [], seeds: [0], window: 2 };
    return prepareData(
      { experiment: { ...experiment, ...rest }, packages: [], folder: at, origin: 'c.json' } as never,
      at,
    );
  };
  const { rewards, split } = await loaded({ columns });
  expect(rewards).toBe('logged');
  expect(split.test.sequences.reward).toEqual(Float64Array.of(2.5, -1, 4, 1, 1, 1));
  await expect(loaded({ columns: { user: 'user', item: 'item' } })).rejects.toMatchObject({
    code: 'E_REWARD_MISSING',
    message: expect.stringMatching(/^c\.json, at rewards: the data have no rewards of their own/),
  });
  await expect(loaded({ columns }, ['ndcg@10/clik'])).rejects.toMatchObject({
    code: 'E_METRIC_UNKNOWN',
    message: expect.stringMatching(/^c\.json, at metrics: Unknown kind of event in the metric "ndcg@10\/clik"/),
  });
});

test('notes of the reader are printed', async () => {
  const at = folder({ 'events.csv': events.replace('event', 'action') });
  const { kind: _, ...columns } = onlyEvents.columns;
  const { interactions } = await loadDataset({ ...onlyEvents, columns, kinds: undefined }, undefined, at);
  const said: string[] = [];
  const split = allToTrain(interactions);
  sayData(
    { say: (line: string) => said.push(line) } as never,
    { dataset: { name: 'files', interactions }, split } as never,
  );
  expect(said).toHaveLength(2);
  expect(said[1]).toContain('column "action" looks like the kind');
});

test.each([
  { type: 'industrial' },
  { type: 'lastfm' },
  { type: 'ml-1m' },
  { type: 'retailrocket' },
  { type: 'retailrocket-events' },
  { type: 's3-rec', file: 'Beauty.txt' },
  { type: 'yoochoose' },
] as DatasetConfig[])('without the files of $type the way to name their folder is told', async (dataset) => {
  const loading = loadDataset(dataset, folder({}), '.');
  await expect(loading).rejects.toThrow(/lacks.*(github|kaggle)\.com.*--data DIR/s);
});

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

test('a stable split by user is asked of @lea/data', async () => {
  const { interactions } = createWorld({ users: 60, items: 10 });
  const split = await splitAs({ type: 'by-user', seed: 2, stable: true }, interactions, '.');
  expect(split).toEqual(splitByUser(interactions, { seed: 2, stable: true }));
});

test('an inherited name is no list of users', async () => {
  const { interactions } = createWorld({ users: 20, items: 10 });
  const asked = splitAs({ type: 'user-lists', lists: 'toString' }, interactions, tmpdir());
  await expect(asked).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
});

test('--data is refused for data that are generated', async () => {
  await expect(loadDataset({ type: 'world' }, 'data', '.')).rejects.toMatchObject({
    code: 'E_FLAG_VALUE',
    value: 'data',
    message: expect.stringContaining('Leave --data out'),
  });
});
