import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fileWith } from '../fixtures/files.ts';
import type { Interactions } from '../interactions.ts';
import { readInteractions as read } from './interactions.ts';
import type { ReadInteractionsOptions } from './options.ts';

/** Every test holds for both readers. */
describe.each(['js', 'duckdb'] as const)('with the engine %s', (engine) => {
  const readInteractions = (path: string, options: Partial<ReadInteractionsOptions> = {}) =>
    read(path, { engine, ...options });

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

    it('drops the events of kinds that are null, and says so', async () => {
      const text = 'user,item,time,kind\nann,a,2024-05-01,view\nann,b,soon,seen\nann,c,2024-04-30 12:00:00,buy\n';
      const kinds = { view: 'click', seen: null, buy: 'purchase' };
      const data = await readInteractions(fileWith('x.csv', text), { kinds });
      expect(rowsOf(data)).toEqual([`ann c ${19_843.5 * 86_400_000} purchase`, `ann a ${19_844 * 86_400_000} click`]);
      expect(data.info.notes).toEqual([expect.stringMatching(/x\.csv: 1 event is dropped.*\(seen\)/)]);
      const late = `${text}ann,d,noon,buy\n`;
      await expect(readInteractions(fileWith('x.csv', late), { kinds })).rejects.toThrow(/line 5, column time/);
      const nothing = readInteractions(fileWith('x.csv', text), { kinds: { view: null, seen: null, buy: null } });
      await expect(nothing).rejects.toMatchObject({
        code: 'E_DATA_EMPTY',
        message: expect.stringMatching(/x\.csv: all events are dropped, as "kinds" says \(view, seen, buy\)\. Got 3\./),
      });
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
      ['no file', undefined, {}, 'E_FILE_MISSING', /does not exist/],
      ['empty', '', {}, 'E_FILE_EMPTY', /x\.csv/],
      ['header only', 'user,item\n', {}, 'E_FILE_EMPTY', /no rows/],
      ['missing column', 'user,itm\n1,2', {}, 'E_COLUMN_MISSING', /x\.csv line 1.*"item_id".*columns are: user, itm/],
      [
        'misnamed',
        'user,item\n1,2',
        { columns: { user: 'usr' } },
        'E_COLUMN_MISSING',
        /Got "usr"\. Did you mean "user"\?/,
      ],
      ['option', 'user,item\n1,2', { colums: {} }, 'E_OPTION_UNKNOWN', /Did you mean "columns"/],
      ['short row', 'user,item,time\n1,2,3\n1,2', {}, 'E_ROW_BAD', /x\.csv line 3: expected 3 columns, got 2/],
      ['open quote', 'user,item\n1,"2\n', {}, 'E_ROW_BAD', /x\.csv line 2, column item: a quote is never closed/],
      ['empty id', 'user,item\n1,2\n,2', {}, 'E_CELL_MISSING', /x\.csv line 3, column user/],
      ['bad time', 'user,item,time\n1,2,3\n1,2,NaN', {}, 'E_TIME_BAD', /x\.csv line 3, column time.*"NaN"/],
      ['no time', 'user,item,time\n1,2,', {}, 'E_TIME_BAD', /x\.csv line 2/],
      [
        'kind',
        'user,item,kind\n1,2,vieew',
        { kinds: { view: 'click' } },
        'E_KIND_UNKNOWN',
        /line 2, column kind.*"vieew".*"view"/,
      ],
      ['no kind', 'user,item,kind\n1,2,', {}, 'E_CELL_MISSING', /line 2, column kind/],
      ['kinds of no column', 'user,item,event\n1,2,view', { kinds: { view: 'click' } }, 'E_COLUMN_MISSING', /"kind"/],
      ['number of another base', 'user,item,time\n1,2,0x10', {}, 'E_TIME_BAD', /line 2, column time.*"0x10"/],
      ['word for a time', 'user,item,Timestamp\n1,2,NULL', {}, 'E_TIME_BAD', /line 2, column Timestamp.*"NULL"/],
      ['other delimiter', 'user;item\n1;2', {}, 'E_COLUMN_MISSING', /"delimiter": ";"/],
      ['two cases of a name', 'user,ITEM,Item\n1,2,3', {}, 'E_COLUMN_DUPLICATE', /line 1.*columns 2 and 3/],
      ['two names of a header', '1,2', { header: ['user', 'item', 'item'] }, 'E_COLUMN_DUPLICATE', /"item"/],
      [
        'header beside the option',
        'user,item\n1,2',
        { header: ['user', 'item'] },
        'E_ROW_BAD',
        /line 1: .*got a header line/,
      ],
      [
        'header of other names beside the option',
        'userId,movieId,rating,timestamp\n1,2,3,4',
        { header: ['user', 'item', 'rating', 'time'] },
        'E_ROW_BAD',
        /line 1: .*got a header line/,
      ],
      [
        'second header',
        '\ufeffuser,item\n1,2\n\ufeffuser,item\n3,4',
        {},
        'E_ROW_BAD',
        /line 3: .*got a header line.*Remove/,
      ],
      ['line end in an id', 'user,item\n1,"2\n3,4"\n', {}, 'E_CELL_BAD', /line 2, column item.*"2\\n3,4"/],
      [
        'UTF-16 without a mark',
        Buffer.from('user,item\n1,2', 'utf16le'),
        {},
        'E_ENCODING_BAD',
        /line 1: found a NUL.*utf-16le/,
      ],
      [
        'large record',
        `user,item\n1,${'2'.repeat(20)}`,
        { maxRecordSize: 20 },
        'E_RECORD_LARGE',
        /line 2: .*more than 20/,
      ],
      ['no delimiter', 'user,item\n1,2', { delimiter: '' }, 'E_OPTION_VALUE', /delimiter/],
      ['no quote', 'user,item\n1,2', { quote: '' }, 'E_OPTION_VALUE', /quote/],
      ['a header that is no list', '1,2', { header: 'user,item' }, 'E_OPTION_VALUE', /header/],
      ['a quote in the delimiter', 'user,item\n1,2', { delimiter: '||', quote: '|' }, 'E_OPTION_VALUE', /^quote must/],
      ['no record', 'user,item\n1,2', { maxRecordSize: 0 }, 'E_OPTION_VALUE', /maxRecordSize/],
      ['a number as separator', 'user,item\n1,2', { separator: 1 }, 'E_OPTION_VALUE', /separator must have/],
      ['a number as kind', 'user,item,kind\n1,2,a', { kinds: { a: 1 } }, 'E_OPTION_VALUE', /strings or null/],
      [
        'a number as column',
        'user,item\n1,2',
        { columns: { user: 1 } },
        'E_OPTION_VALUE',
        /columns: user must be a string/,
      ],
      [
        'a column of no role',
        'user,item\n1,2',
        { columns: { usr: 'user' } },
        'E_OPTION_UNKNOWN',
        /Did you mean "user"/,
      ],
      ['unknown id', 'user,item\n1,2\n1,7', { ids: ['2', '3'] }, 'E_ID_UNKNOWN', /x\.csv line 3: unknown id\. Got "7"/],
    ] as [string, string | Uint8Array | undefined, object, string, RegExp][])(
      'refuses: %s',
      async (_, content, options, code, message) => {
        const path = content === undefined ? '/nowhere/x.csv' : fileWith('x.csv', content);
        const error = await readInteractions(path, options).catch((e) => e);
        expect(error).toMatchObject({ name: 'LeaError', code });
        expect(error.message).toMatch(message);
      },
    );

    it('refuses a gzipped file that is cut', async () => {
      const path = fileWith('x.csv.gz', gzipSync('user,item\n1,2\n').subarray(0, 20));
      await expect(readInteractions(path)).rejects.toMatchObject({ code: 'E_FILE_READ' });
    });
  });

  describe('columns', () => {
    const notesOf = async (header: string, options = {}) => {
      const cells = header.split(',').map((_, at) => String(at + 1));
      return (await readInteractions(fileWith('x.csv', `${header}\n${cells}\n`), options)).info.notes;
    };

    it('match whatever their case, also when they are named', async () => {
      const path = fileWith(
        'x.inter',
        'USER_ID:token\tItem_Id:token\tTimeStamp:float\tWhat:token\n1\tb\t9\tk\n1\ta\t1\tk\n',
      );
      expect(rowsOf(await readInteractions(path, { columns: { kind: 'what' } }))).toEqual(['1 a 1 k', '1 b 9 k']);
    });

    it.each([
      ['user,item,event', /column "event" looks like the kind but is not read/],
      ['user,item,eventType', /column "eventType" looks like the kind/],
      ['user,item,event_time', /column "event_time" looks like the time/],
      ['user,item,at', /column "at" looks like the time/],
      ['user,item,Date', /column "Date" looks like the time/],
      ['user,item,item_history', /column "item_history" looks like the history/],
      ['user_id,user,item', /column "user" looks like the user/],
      ['user,item,Item', /column "Item" looks like the item/],
      ['user,item,time,timestamp', /column "time" looks like the time/],
      ['user,item,item_id_list,time', /column "time" is not read: rows are histories/],
    ])('of %s: what looks like one that is not read is noted', async (header, note) => {
      expect(await notesOf(header)).toEqual([expect.stringMatching(note)]);
    });

    it.each(['user,item,rating', 'user_id,item_id,timestamp,kind,title'])('of %s are as meant', async (header) => {
      expect(await notesOf(header)).toEqual([]);
    });

    it('that are named are as meant', async () => {
      expect(await notesOf('user,user_id,item,at,time', { columns: { user: 'user', time: 'at' } })).toEqual([]);
    });
  });

  describe('one row per history and next item', () => {
    const header = 'user_id:token\titem_id_list:token_seq\titem_id:token\n';

    it('reads lists in brackets and with other separators, refuses what it cannot tell apart', async () => {
      const read = (list: string, separator?: string) =>
        readInteractions(fileWith('x.inter', `${header}0\t${list}\t4\n`), { separator }).then((data) =>
          [...data.item].map((item) => data.itemIds[item]),
        );
      for (const list of ['[5 3]', '[5, 3]', '["5","3"]']) expect(await read(list)).toEqual(['5', '3', '4']);
      expect(await read('5,3', ',')).toEqual(['5', '3', '4']);
      await expect(read('5,3')).rejects.toThrow(/x\.inter line 2, column item_id_list: .*"5,3".*"separator"/);
      await expect(read('[5 NaN]')).rejects.toMatchObject({ code: 'E_CELL_MISSING' });
      await expect(read('5,,3', ',')).rejects.toMatchObject({ code: 'E_CELL_MISSING' });
      await expect(read('5 3', '')).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    });

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
      await expect(readInteractions(path)).rejects.toThrow(/x\.inter line 3.*user "0".*that in .*line 2.*"3 4"/);
    });

    it('names the line of an id outside the given ones', async () => {
      const path = fileWith('x.inter', `${header}0\t5 3\t4\n`);
      await expect(readInteractions(path, { ids: ['3', '5'] })).rejects.toThrow(
        /x\.inter line 2: unknown id\. Got "4"/,
      );
    });
  });
});
