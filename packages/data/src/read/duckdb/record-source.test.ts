import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fileWith, folderWith } from '../../fixtures/files.ts';
import { dataHash } from '../../interactions.ts';
import { interactionsOf } from '../../interactions-of.ts';
import { readInteractions } from '../interactions.ts';
import { errorOf, noon, rowsOf, written } from './testing.ts';

const jsonl = (...records: unknown[]) => records.map((record) => JSON.stringify(record)).join('\n');

/** Files of a query, each in a folder of its own. */
async function inFolders(files: Record<string, string>): Promise<string> {
  const folder = folderWith(Object.fromEntries(Object.keys(files).map((path) => [path, ''])));
  for (const [path, sql] of Object.entries(files)) await written(path, sql, folder);
  return folder;
}

describe('columns that folders name', () => {
  it('do not replace those of the files', async () => {
    const folder = await inFolders({
      'time=1999-01-01/USER=7/kind=buy/x.parquet': `select 'a' as "user", 'b' as item, timestamp '2024-05-01 12:00:00' as "time"`,
      'time=1999-01-01/USER=8/kind=view/x.parquet': `select 'c' as "user", 'b' as item, timestamp '2024-05-01 12:00:01' as "time"`,
    });
    const rows = [`a b ${noon} buy`, `c b ${noon + 1000} view`];
    expect(rowsOf(await readInteractions(join(folder, '*/*/*/*.parquet')))).toEqual(rows);
    const one = join(folder, 'time=1999-01-01/USER=7/kind=buy/x.parquet');
    expect(rowsOf(await readInteractions(one))).toEqual(rows.slice(0, 1));
  });

  it('do not replace those of delimited text', async () => {
    const folder = folderWith({ 'c0=7/user=8/x.csv': 'user,item\na,b\n' });
    const path = join(folder, 'c0=7/user=8/x.csv');
    expect(rowsOf(await readInteractions(path, { engine: 'duckdb' }))).toEqual(['a b 0 click']);
  });

  it('are texts as the folders spell them', async () => {
    const folder = await inFolders({
      'date=2024-05-01/user=07/kind=a%20b/x.parquet': 'select 1 as item',
      'date=2024-05-02/user=7/kind=view/x.parquet': 'select 2 as item',
    });
    const data = await readInteractions(join(folder, '**/*.parquet'), { columns: { time: 'date' } });
    const day = noon - 43_200_000;
    expect(rowsOf(data)).toEqual([`07 1 ${day} a b`, `7 2 ${day + 86_400_000} view`]);
    const missing = await inFolders({ 'kind=__HIVE_DEFAULT_PARTITION__/x.parquet': 'select 1 as "user", 2 as item' });
    expect((await errorOf(readInteractions(join(missing, '*/*.parquet')))).code).toBe('E_CELL_MISSING');
  });

  it('are columns of JSON too', async () => {
    const folder = folderWith({
      'date=2024-05-01/x.jsonl': jsonl({ user: 'a', item: 'b' }),
      'date=2024-05-02/x.jsonl': jsonl({ user: 'a', item: 'c' }),
    });
    const data = await readInteractions(join(folder, '*/*.jsonl'), { columns: { time: 'date' } });
    const day = noon - 43_200_000;
    expect(rowsOf(data)).toEqual([`a b ${day} click`, `a c ${day + 86_400_000} click`]);
  });
});

describe('names that differ only in case', () => {
  it('are refused in a Parquet file if they are read', async () => {
    // DuckDB cannot write them; a column of a file may have any name.
    const path = await written('x.parquet', `select 'a' as "user", 'x' as "Uzer", 'b' as item`);
    rename(path, 'Uzer', 'User');
    const error = await errorOf(readInteractions(path, { columns: { user: 'User' } }));
    expect(error).toMatchObject({ code: 'E_COLUMN_DUPLICATE', value: ['user', 'User'] });
    const other = await written('x.parquet', `select 'a' as "user", 'x' as "kinD", 'y' as "kinE", 'b' as item`);
    rename(other, 'kinE', 'kind');
    expect((await errorOf(readInteractions(other))).code).toBe('E_COLUMN_DUPLICATE');
    const unread = await written('x.parquet', `select 'a' as "user", 'x' as "notE", 'y' as "notF", 'b' as item`);
    rename(unread, 'notF', 'note');
    expect(rowsOf(await readInteractions(unread))).toEqual(['a b 0 click']);
  });

  it('are fine inside other columns', async () => {
    const sql = `select {"User": 1, "more": [{"Item": 2}]} as "first", 'a' as "user", 'b' as item, {"Item": 3} as "last"`;
    expect(rowsOf(await readInteractions(await written('x.parquet', sql)))).toEqual(['a b 0 click']);
  });

  it('are refused in JSON if they are read', async () => {
    const path = fileWith(
      'x.jsonl',
      jsonl({ user: 1, item: 2, kind: 'a' }, { user: 1, item: 3, Kind: 'b', note_1: 1 }),
    );
    const error = await errorOf(readInteractions(path));
    expect(error).toMatchObject({ code: 'E_COLUMN_DUPLICATE', value: ['Kind', 'kind'] });
    const apart = fileWith('x.jsonl', jsonl({ user: 1, item: 2, kind: 'a', kind_1: 'b', note: 1, Note: 2 }));
    expect(rowsOf(await readInteractions(apart))).toEqual(['1 2 0 a']);
  });
});

describe('JSON', () => {
  it('keeps the texts of ids in lists', async () => {
    const id = '6B0CBB1C-8A1F-4B8E-9D5A-000000000001';
    for (const item of [id, '2024-01-01', '12:00:00', '2024-01-01 10:00:00']) {
      const path = fileWith('x.jsonl', jsonl({ user: 'u', item_id_list: [item], item }));
      expect((await readInteractions(path)).itemIds).toEqual([item]);
    }
  });

  it('has lists whose ids hold any text, whatever the separator', async () => {
    const path = fileWith('x.jsonl', jsonl({ user: 'u', item_id_list: ['b', 'c|d', '[e'], item: 'f' }));
    for (const separator of [undefined, '|', ',']) {
      const data = await readInteractions(path, { separator });
      expect(rowsOf(data)).toEqual(['u b 0 click', 'u c|d 1 click', 'u [e 2 click', 'u f 3 click']);
    }
  });

  it('has lists with texts and numbers', async () => {
    const path = fileWith('x.jsonl', jsonl({ user: 'u', item_id_list: ['b', 7, 7.5], item: 'f' }));
    expect((await readInteractions(path)).itemIds).toEqual(['7', '7.5', 'b', 'f']);
  });

  it.each([
    [null, 'E_CELL_MISSING'],
    [true, 'E_CELL_BAD'],
    [{ id: 1 }, 'E_CELL_BAD'],
    [9007199254740993n, 'E_CELL_BAD'],
  ])('refuses %s in a list', async (element, code) => {
    const list = typeof element === 'bigint' ? `["b", ${element}]` : JSON.stringify(['b', element]);
    const path = fileWith('x.jsonl', `{"user": "u", "item_id_list": ${list}, "item": "f"}`);
    expect(await errorOf(readInteractions(path, { missing: [] }))).toMatchObject({ code });
  });

  it('has ids that are texts and numbers, which are those of the same events in memory', async () => {
    const user = ['u', 7, '7', 7.5];
    const item = ['b', 1, '1', 'c d'];
    const path = fileWith('x.jsonl', jsonl(...user.map((id, at) => ({ user: id, item: item[at], kind: item[at] }))));
    expect(dataHash(await readInteractions(path))).toBe(dataHash(interactionsOf({ user, item, kind: item })));
  });

  it.each([
    [null, null, 0, 'E_CELL_MISSING'],
    ['b', { id: 1 }, 1, 'E_CELL_BAD'],
    [1, true, 1, 'E_CELL_BAD'],
  ])('refuses the ids %j and %j by row', async (first, second, row, code) => {
    const path = fileWith('x.jsonl', jsonl({ user: 'u', item: first }, { user: 'u', item: second }));
    const error = await errorOf(readInteractions(path));
    expect(error).toMatchObject({ code, message: expect.stringContaining(`x.jsonl row ${row}, column item`) });
  });

  it('of which a file has no histories but others have is refused by name', async () => {
    const a = jsonl({ user: 'u', item: 1, item_id_list: [3] }, { user: 'v', item: 1 });
    const folder = folderWith({ 'a.jsonl': a, 'b.jsonl': jsonl({ user: 'w', item: 3 }) });
    expect(await errorOf(readInteractions(join(folder, '*.jsonl')))).toMatchObject({
      code: 'E_COLUMN_MISSING',
      message: expect.stringMatching(/b\.jsonl: the column item_id_list is missing, which .*a\.jsonl has/),
      hint: expect.stringContaining('history: null'),
    });
  });

  it('may have hundreds of keys, in every record or in few', async () => {
    const keys = Array.from({ length: 300 }, (_, at) => [`key${at}`, 'x']);
    const wide = fileWith('x.jsonl', jsonl({ user: 'a', item: 'b', ...Object.fromEntries(keys) }));
    expect(rowsOf(await readInteractions(wide))).toEqual(['a b 0 click']);
    const sparse = fileWith('x.jsonl', jsonl(...keys.map(([key]) => ({ user: 'a', item: 'b', [key!]: 'x' }))));
    expect((await readInteractions(sparse)).item).toHaveLength(300);
  });

  it.each([jsonl({}, {}), jsonl([1, 2]), jsonl('x')])(
    'refuses records that are no objects with keys: %s',
    async (text) => {
      const path = fileWith('x.jsonl', text);
      expect(await errorOf(readInteractions(path))).toMatchObject({ code: 'E_FILE_READ', value: path });
    },
  );

  it('refuses an empty file among others, as CSV does', async () => {
    const folder = folderWith({
      '0.jsonl': jsonl({ user: 1, item: 2 }),
      '1.jsonl': ' \n',
      '0.csv': 'user,item\n1,2\n',
      '1.csv': '',
    });
    for (const end of ['jsonl', 'csv']) {
      const error = await errorOf(
        readInteractions(join(folder, `*.${end}`), { engine: end === 'csv' ? 'duckdb' : undefined }),
      );
      expect(error).toMatchObject({ code: 'E_FILE_EMPTY', value: join(folder, `1.${end}`) });
    }
  });
});

it('files of which only some have a column are refused by name', async () => {
  for (const [first, second] of [
    ['user,item\nu,a\n', 'user,item,time\nu,b,5\n'],
    ['user,item,kind\nu,a,x\n', 'user,item\nu,b\n'],
  ]) {
    const folder = folderWith({ '0.csv': first!, '1.csv': second! });
    const error = await errorOf(readInteractions(join(folder, '*.csv'), { engine: 'duckdb' }));
    expect(error).toMatchObject({ code: 'E_COLUMN_MISSING', hint: expect.stringContaining(': null }') });
    expect(error.message).toContain(first!.length < second!.length ? '0.csv line 1' : '1.csv line 1');
  }
});

it('files of Parquet of which only some have a column are refused by name', async () => {
  for (const [second, column] of [
    ["select 'v' as user_id, 2 as item_id", 'kind'],
    ["select 'v' as uid, 2 as item_id, 'view' as kind", 'user_id'],
  ] as const) {
    const folder = folderWith({});
    await written('1.parquet', "select 'u' as user_id, 1 as item_id, 'view' as kind", folder);
    await written('2.parquet', second, folder);
    const error = await errorOf(readInteractions(join(folder, '*.parquet')));
    expect(error).toMatchObject({ code: 'E_COLUMN_MISSING', value: column });
    expect(error.message).toContain('2.parquet: the column');
  }
});

it.each([
  ['truncated', (bytes: Buffer) => bytes.subarray(0, -4)],
  ['damaged', (bytes: Buffer) => bytes.fill(0x39, bytes.indexOf('"item":2') + 7, bytes.indexOf('"item":2') + 8)],
])('gzipped JSON that is %s is refused', async (_, spoil) => {
  const bytes = gzipSync('{"user":"a","item":1}\n{"user":"b","item":2}\n', { level: 0 });
  const folder = folderWith({});
  const path = join(folder, 'x.jsonl.gz');
  writeFileSync(path, bytes);
  expect((await readInteractions(path)).item.length).toBe(2);
  writeFileSync(path, spoil(bytes));
  await expect(readInteractions(path)).rejects.toMatchObject({ code: 'E_FILE_READ', value: path });
});

it('a folder where files are expected is refused, and the files in it can be read', async () => {
  const folder = folderWith({});
  const inside = join(folder, '1.parquet');
  mkdirSync(inside);
  await written('p.parquet', "select 'u' as user_id, 1 as item_id", inside);
  await written('2.parquet', "select 'v' as user_id, 2 as item_id", folder);
  for (const path of [inside, join(folder, '*.parquet')]) {
    const error = await errorOf(readInteractions(path));
    expect(error).toMatchObject({ code: 'E_FILE_READ', value: inside });
  }
  expect((await readInteractions(join(inside, '**/*.parquet'))).userIds).toEqual(['u']);
});

/** Renames a column inside a file of Parquet; both names have the same length. */
function rename(path: string, from: string, to: string): void {
  const bytes = readFileSync(path, 'latin1');
  writeFileSync(path, bytes.replaceAll(from, to), 'latin1');
}
