import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fileWith } from '../fixtures/files.ts';
import type { Interactions } from '../interactions.ts';
import { readInteractions } from './interactions.ts';

const rowsOf = (data: Interactions) =>
  [...data.item].map((item, e) =>
    [data.userIds[data.user[e]!], data.itemIds[item], data.time[e], data.kinds[data.kind[e]!]].join(' '),
  );

describe('one row per event', () => {
  it('reads CSV with mapped columns and kinds, quotes and a byte order mark', async () => {
    const path = fileWith(
      'log.csv',
      '\uFEFFwho,what,when,how\nann,"a, b",2,view\nbob,c,1,view\n\nann,c,1.5,transaction\n',
    );
    const data = await readInteractions(path, {
      columns: { user: 'who', item: 'what', time: 'when', kind: 'how' },
      kinds: { view: 'click', transaction: 'purchase' },
    });
    expect(rowsOf(data)).toEqual(['ann c 1.5 purchase', 'ann a, b 2 click', 'bob c 1 click']);
  });

  it('reads RecBole files with typed headers, gzipped too', async () => {
    const text = 'user_id:token\titem_id:token\ttimestamp:float\n2\t10\t7\n2\t9\t3\n1\t10\t4\n';
    const data = await readInteractions(fileWith('x.inter', text));
    expect(rowsOf(data)).toEqual(['1 10 4 click', '2 9 3 click', '2 10 7 click']);
    expect(await readInteractions(fileWith('x.inter.gz', gzipSync(text)))).toEqual(data);
  });

  it('reads files without header, and without time in the order of lines', async () => {
    const path = fileWith('x.tsv', '1\tb "\t9\n1\ta\t8\n');
    expect(rowsOf(await readInteractions(path, { header: ['user', 'item', 'rating'] }))).toEqual([
      '1 b " 0 click',
      '1 a 1 click',
    ]);
    expect(rowsOf(await readInteractions(fileWith('x.txt', 'user;item\n1;2'), { delimiter: ';' }))).toEqual([
      '1 2 0 click',
    ]);
  });

  it.each([
    ['no file', undefined, {}, 'E_FILE_MISSING', /no such file/],
    ['empty', '', {}, 'E_FILE_EMPTY', /x\.csv/],
    ['header only', 'user,item\n', {}, 'E_FILE_EMPTY', /no rows/],
    ['missing column', 'user,itm\n1,2', {}, 'E_COLUMN_MISSING', /x\.csv line 1.*"item_id".*Columns are: user, itm/],
    ['misnamed', 'u,item\n1,2', { columns: { user: 'use' } }, 'E_COLUMN_MISSING', /Got "use"\. The nearest is "u"\./],
    ['option', 'user,item\n1,2', { colums: {} }, 'E_OPTION_UNKNOWN', /Did you mean "columns"/],
    ['short row', 'user,item,time\n1,2,3\n1,2', {}, 'E_ROW_BAD', /x\.csv line 3: 2 columns where 3/],
    ['open quote', 'user,item\n1,"2\n', {}, 'E_ROW_BAD', /x\.csv: .*[Qq]uot/],
    ['empty id', 'user,item\n1,2\n,2', {}, 'E_ID_EMPTY', /x\.csv line 3, column user/],
    ['bad time', 'user,item,time\n1,2,3\n1,2,NaN', {}, 'E_TIME_BAD', /x\.csv line 3, column time.*"NaN"/],
    ['no time', 'user,item,time\n1,2,', {}, 'E_TIME_BAD', /x\.csv line 2/],
    [
      'kind',
      'user,item,kind\n1,2,vieew',
      { kinds: { view: 'click' } },
      'E_KIND_UNKNOWN',
      /line 2, column kind.*"vieew".*"view"/,
    ],
    ['no kind', 'user,item,kind\n1,2,', {}, 'E_KIND_UNKNOWN', /line 2/],
    ['unknown id', 'user,item\n1,2\n1,7', { ids: ['2', '3'] }, 'E_ID_UNKNOWN', /x\.csv line 3: unknown id\. Got "7"/],
  ])('refuses: %s', async (_, content, options, code, message) => {
    const path = content === undefined ? '/nowhere/x.csv' : fileWith('x.csv', content);
    const error = await readInteractions(path, options as object).catch((e) => e);
    expect(error).toMatchObject({ name: 'LeaError', code });
    expect(error.message).toMatch(message);
  });

  it('refuses a gzipped file that is cut', async () => {
    const path = fileWith('x.csv.gz', gzipSync('user,item\n1,2\n').subarray(0, 20));
    await expect(readInteractions(path)).rejects.toMatchObject({ code: 'E_FILE_READ' });
  });
});

describe('one row per history and next item', () => {
  const header = 'user_id:token\titem_id_list:token_seq\titem_id:token\n';

  it("takes a user's longest row", async () => {
    const data = await readInteractions(fileWith('x.inter', `${header}0\t5 3\t4\n0\t5\t3\n1\t4\t5\n0\t5 3 4\t3\n`));
    expect(rowsOf(data).map((row) => row.split(' ').slice(0, 2).join(' '))).toEqual([
      '0 5',
      '0 3',
      '0 4',
      '0 3',
      '1 4',
      '1 5',
    ]);
  });

  it('refuses rows that are no prefixes of one another', async () => {
    const path = fileWith('x.inter', `${header}0\t5 3\t4\n0\t3\t4\n`);
    await expect(readInteractions(path)).rejects.toThrow(/x\.inter line 3.*user "0".*longest one \(line 2\).*"3 4"/);
  });

  it('names the line of an id outside the given ones', async () => {
    const path = fileWith('x.inter', `${header}0\t5 3\t4\n`);
    await expect(readInteractions(path, { ids: ['3', '5'] })).rejects.toThrow(/x\.inter line 2: unknown id\. Got "4"/);
  });
});
