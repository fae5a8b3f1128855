import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { loadRetailrocket } from './retailrocket.ts';

const header = 'session_id:token\titem_id_list:token_seq\titem_type_list:token_seq\titem_id:token\n';

/** Rows "item/type item/type", each up to a transaction of item 9. */
function folder(train: readonly string[], test: readonly string[]): string {
  const file = (rows: readonly string[]) =>
    gzipSync(
      header +
        rows
          .map((row, r) => {
            const events = row.split(' ').map((event) => event.split('/'));
            return `${r + 1}\t${events.map(([item]) => item).join(' ')}\t${events.map(([, type]) => type).join(' ')}\t9\n`;
          })
          .join(''),
    );
  return folderWith({ 'retail_beh.train.inter.gz': file(train), 'retail_beh.test.inter.gz': file(test) });
}

/** Each sequence as "item item*", where * marks a purchase. */
async function sequencesOf(train: readonly string[], test: readonly string[]): Promise<string[]> {
  const { interactions } = await loadRetailrocket(folder(train, test));
  const { userIds, itemIds, kinds, user, item, kind } = interactions;
  return userIds.map((_, u) =>
    [...item.keys()]
      .filter((e) => user[e] === u)
      .map((e) => itemIds[item[e]!]! + (kinds[kind[e]!] === 'purchase' ? '*' : ''))
      .join(' '),
  );
}

it('takes views as clicks, additions to the cart as purchases, and drops transactions of both numbers', async () => {
  expect(await sequencesOf(['1/2 1/1 1/3 1/2 1/0 1/1'], ['30/2 30/1 30/2'])).toEqual(['1 1* 1 1*', '30 30* 30']);
});

it('keeps the longest of rows that are prefixes of one another, across both files', async () => {
  const rows = ['1/2 1/1', '1/2 1/1 1/0 1/2 1/1', '1/2 1/1 1/3 1/2', '1/2 1/1 1/0 1/2 1/1'];
  expect(await sequencesOf(rows, ['1/2 1/1 1/0'])).toEqual(['1 1* 1 1*']);
});

it('keeps the longest of rows that share five events, also by way of a third row', async () => {
  const longest = '1/2 2/2 3/2 4/2 5/2 1/2 2/2 3/2 4/2';
  const linked = '3/2 4/2 5/2 1/2 2/2 6/2 6/2 6/2';
  const byWayOf = '5/2 1/2 2/2 6/2 6/2 5/2';
  const fourShared = '1/2 2/2 3/2 4/2 1/2 5/2 5/2';
  expect(await sequencesOf([byWayOf, longest], [linked, fourShared])).toEqual(['1 2 3 4 1 5 5', '1 2 3 4 5 1 2 3 4']);
});

it('compares events with their types and transactions', async () => {
  expect(await sequencesOf(['1/2 2/2 3/2 1/2 2/2 3/2'], ['1/2 2/2 3/1 1/2 2/2 3/2'])).toHaveLength(2);
  const withTransaction = ['1/2 1/1 1/0 2/2 2/1 2/2', '2/2 1/2 1/1 1/0 2/2 2/1 1/2'] as const;
  expect(await sequencesOf([withTransaction[0]], [withTransaction[1]])).toEqual(['2 1 1* 2 2* 1']);
});

it('keeps the first of equally long rows in the order of numbers', async () => {
  const rows = ['10/2 1/2 1/1 1/2 1/1 1/2', '2/2 1/2 1/1 1/2 1/1 1/2'];
  expect(await sequencesOf(rows, ['2/2 10/2 2/1 10/1'])).toEqual(['2 1 1* 1 1* 1', '2 2*']);
});

it('drops sequences of fewer than three events, then rare items, once', async () => {
  // without its short sequence item 5 has two events
  const rows = ['5/2 6/2', '5/2 5/1 6/2 7/2', '7/2 7/1 8/2'];
  expect(await sequencesOf(rows, ['9/2 10/2 11/2'])).toEqual(['7', '7 7*']);
});

it.each([
  ['lists of different lengths', '1 2\t2', /line 2: .*2 items and 1 types/],
  ['an item that is no number', '1 x\t2 2', /line 2, column item_id_list.*"x"/],
  ['an unknown type', '1 2\t2 4', /line 2, column item_type_list.*"4".*transaction/],
])('refuses %s', async (_, lists, message) => {
  const file = gzipSync(`${header}1\t${lists}\t9\n`);
  const dir = folderWith({ 'retail_beh.train.inter.gz': file, 'retail_beh.test.inter.gz': file });
  await expect(loadRetailrocket(dir)).rejects.toThrow(message);
});

it('reads lists in brackets and any line ends', async () => {
  const file = gzipSync(`${header.replace('\n', '\r\n')}1\t[1 1 1]\t[2, 1, 2]\t9\r2\t1 1\t2 1\t9\r\n`);
  const dir = folderWith({ 'retail_beh.train.inter.gz': file, 'retail_beh.test.inter.gz': file });
  const { interactions } = await loadRetailrocket(dir);
  expect([interactions.itemIds, interactions.user.length]).toEqual([['1'], 3]);
});

it('says which files are missing and where people get them', async () => {
  await expect(loadRetailrocket(folderWith({ 'retail_beh.train.inter.gz': '' }))).rejects.toThrow(
    /lacks retail_beh\.test\.inter\.gz.*MB-IMN/,
  );
});
