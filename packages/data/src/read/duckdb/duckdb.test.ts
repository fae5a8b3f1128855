import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fileWith, folderWith } from '../../fixtures/files.ts';
import { dataHash } from '../../interactions.ts';
import { interactionsOf } from '../../interactions-of.ts';
import { readInteractions } from '../interactions.ts';
import { errorOf, noon, rowsOf, written } from './testing.ts';

describe('Parquet', () => {
  it('is read by the name of the file, like the same events in memory', async () => {
    const path = await written(
      'x.parquet',
      "select * from (values ('b', 10, 5, 'view'), ('a', 9, 7, 'buy'), ('b', 2, 5, 'view'), ('a', 10, 2, 'view')) t(user_id, item_id, timestamp, kind)",
    );
    const data = await readInteractions(path);
    expect(rowsOf(data)).toEqual(['a 10 2 view', 'a 9 7 buy', 'b 10 5 view', 'b 2 5 view']);
    expect(data.itemIds).toEqual(['2', '9', '10']);
    const same = interactionsOf({
      user: ['b', 'a', 'b', 'a'],
      item: [10, 9, 2, 10],
      time: [5, 7, 5, 2],
      kind: ['view', 'buy', 'view', 'view'],
    });
    expect(dataHash(data)).toBe(dataHash(same));
  });

  it.each([
    ['9007199254740993::bigint', '9007199254740993'],
    ['170141183460469231731687303715884105727::hugeint', '170141183460469231731687303715884105727'],
    ['12345678901234567890::decimal(20, 0)', '12345678901234567890'],
    ['7.50::decimal(10, 2)', '7.5'],
    ['70.00::decimal(10, 2)', '70'],
    ['7::double', '7'],
    ["'007'", '007'],
    ["'6b0cbb1c-8a1f-4b8e-9d5a-000000000001'::uuid", '6b0cbb1c-8a1f-4b8e-9d5a-000000000001'],
    ["'x'::enum('y', 'x')", 'x'],
  ])('%s is the id %s', async (sql, id) => {
    const data = await readInteractions({ sql: `select 1 as user, ${sql} as item` });
    expect(data.itemIds).toEqual([id]);
  });

  it.each([
    ['1714564800000::bigint', noon],
    ['1714564800.25::decimal(20, 2)', noon / 1000 + 0.25],
    ["timestamp '2024-05-01 12:00:00.000125'", noon + 0.125],
    ["timestamp '1969-12-31 23:59:59.5'", -500],
    ["timestamptz '2024-05-01 14:00:00+02:00'", noon],
    ["'2024-05-01 12:00:00.25'::timestamp_ms", noon + 250],
    ["'2024-05-01 12:00:00'::timestamp_s", noon],
    ["'2024-05-01 12:00:00.000125'::timestamp_ns", noon + 0.125],
    ["date '2024-05-01'", noon - 43_200_000],
    ["'2024-05-01T14:00:00+0200'", noon],
    ["'2016-12-31T23:59:60Z'", 17_167 * 86_400_000],
  ])('%s is the time %d', async (sql, time) => {
    const path = await written('x.parquet', `select 1 as user, 2 as item, ${sql} as time`);
    expect([...(await readInteractions(path)).time]).toEqual([time]);
  });

  it.each([
    ['null', '1', 'E_CELL_MISSING', /x\.parquet row 1, column user: the cell is empty\. Got null/],
    ["''", '1', 'E_CELL_MISSING', /row 1, column user/],
    ["'NaN'", '1', 'E_CELL_MISSING', /row 1, column user.*Got "NaN"/],
    ["'a' || chr(10) || 'b'", '1', 'E_CELL_BAD', /row 1, column user/],
    ["'b'", "'nan'::double", 'E_TIME_BAD', /row 1, column time.*Got NaN/],
    ["'b'", "'inf'::double", 'E_TIME_BAD', /row 1, column time/],
    ["'b'", 'null', 'E_TIME_BAD', /row 1, column time.*Got null/],
  ])('refuses the user %s at the time %s by row', async (user, time, code, message) => {
    const path = await written(
      'x.parquet',
      `select 'a' as "user", 'x' as item, 1::double as "time" union all select ${user}, 'y', ${time}`,
    );
    const error = await errorOf(readInteractions(path, { missing: ['nan'] }));
    expect(error).toMatchObject({ name: 'LeaError', code });
    expect(error.message).toMatch(message);
  });

  it('reads histories, as lists or as texts', async () => {
    const events = ['0 5', '0 3', '0 4'];
    for (const list of ["['5', '3']", '[5, 3]', "'5 3'"]) {
      const data = await readInteractions({ sql: `select 0 as user, ${list} as item_id_list, '4' as item` });
      expect(rowsOf(data).map((row) => row.split(' ').slice(0, 2).join(' '))).toEqual(events);
    }
  });

  it.each(['double', 'float', 'decimal(5,2)'])('a number in a list of %s is the item of that number', async (type) => {
    const rows = `values (0, [2, 1.5]::${type}[], 4::${type}), (1, []::${type}[], 2::${type}), (1, [2]::${type}[], 4::${type})`;
    const data = await readInteractions({ sql: `select * from (${rows}) as t("user", item_id_list, item)` });
    expect(data.itemIds).toEqual(['1.5', '2', '4']);
    expect(rowsOf(data).map((row) => row.split(' ').slice(0, 2).join(' '))).toEqual([
      '0 2',
      '0 1.5',
      '0 4',
      '1 2',
      '1 4',
    ]);
    expect(data.info.notes).toEqual([]);
  });
});

describe('many files', () => {
  const logs = (files: Record<string, string>) => join(folderWith(files), '*.csv');

  it('are one log, in the order of their names, whatever the order of their columns', async () => {
    const path = logs({ '2.csv': 'item,user\nc,a\n', '1.csv': 'user,item\na,z\na,b\n', '3.txt': 'no' });
    const data = await readInteractions(path, { engine: 'duckdb' });
    expect(rowsOf(data)).toEqual(['a z 0 click', 'a b 1 click', 'a c 2 click']);
  });

  it('are named in errors', async () => {
    const path = logs({ '1.csv': 'user,item\na,z\n', '2.csv': '\nuser,item\na,z\n\n,b\n' });
    const error = await errorOf(readInteractions(path, { engine: 'duckdb' }));
    expect(error.message).toMatch(/2\.csv line 5, column user: the cell is empty/);
  });

  it('of Parquet have columns of common types', async () => {
    const folder = folderWith({});
    await written('1.parquet', 'select 7 as user, 1 as item', folder);
    await written('2.parquet', "select 2 as item, '007' as user", folder);
    await written('3.parquet', "select 3 as item, '' as user", folder);
    const [good, all] = ['[12].parquet', '*.parquet'].map((name) => join(folder, name)) as [string, string];
    expect((await readInteractions(good)).userIds).toEqual(['007', '7']);
    expect((await errorOf(readInteractions(all))).message).toMatch(/3\.parquet row 0, column user/);
  });

  it('that do not exist are refused', async () => {
    const none = join(folderWith({}), '*.parquet');
    expect(await errorOf(readInteractions(none))).toMatchObject({ code: 'E_FILE_MISSING', value: none });
    expect(await errorOf(readInteractions('/nowhere/x.parquet'))).toMatchObject({ code: 'E_FILE_MISSING' });
  });
});

it('reads JSON, where ids that look like dates or numbers stay what they are', async () => {
  const lines = [
    { user: '2024-01-01', item: '007', time: '2024-05-01T12:00:00Z' },
    { user: '2024-01-02', item: '7', time: '2024-05-01T14:00:00+02:00' },
  ];
  const path = fileWith('x.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
  const data = await readInteractions(path);
  expect(rowsOf(data)).toEqual([`2024-01-01 007 ${noon} click`, `2024-01-02 7 ${noon} click`]);
  expect(rowsOf(await readInteractions(fileWith('x.json', JSON.stringify(lines))))).toEqual(rowsOf(data));
});

describe('names and paths are no SQL', () => {
  it('reads files and columns with quotes, and a file whose name looks like a pattern', async () => {
    const name = `it's "[1]*.csv`;
    const path = fileWith(name, `"us""er';--","it'em"\na,b\n`);
    const columns = { user: `us"er';--`, item: "it'em" };
    expect(rowsOf(await readInteractions(path, { engine: 'duckdb', columns }))).toEqual(['a b 0 click']);
    const parquet = await written(`it's [1].parquet`, `select 'a' as "us""er';--", 'b' as "it'em"`);
    expect(rowsOf(await readInteractions(parquet, { columns }))).toEqual(['a b 0 click']);
  });

  it('runs one SELECT statement and nothing else', async () => {
    expect((await readInteractions({ sql: 'select 1 as user, 2 as item; -- all' })).itemIds).toEqual(['2']);
    const path = join(folderWith({}), 'made.csv');
    for (const sql of [
      `copy (select 1) to '${path}'`,
      `select 1 as user, 2 as item; copy (select 1) to '${path}'`,
      `select 1 as user, 2 as item) to '${path}'`,
      'selec 1',
      'select * from nothing',
    ]) {
      expect(await errorOf(readInteractions({ sql }))).toMatchObject({ code: 'E_QUERY_FAILED', value: sql });
    }
    expect(existsSync(path)).toBe(false);
  });
});

it.each([
  [{ sql: 'select 1 as user, 2 as itm' }, {}, 'E_COLUMN_MISSING', /the query: the column does not exist.*itm/],
  [{ sql: 'select 1 as user, true as item' }, {}, 'E_CELL_BAD', /column item.*type.*BOOLEAN/],
  [{ sql: 'select 1 as user, {a: 1} as item' }, {}, 'E_CELL_BAD', /column item/],
  [{ sql: "select 1 as user, 2 as item, 'noon' as time" }, {}, 'E_TIME_BAD', /the query, row 0, column time/],
  [{ sql: 'select 1 as user, 2 as item, true as time' }, {}, 'E_TIME_BAD', /column time/],
  [{ sql: 'select 1 as user, 2 as item where false' }, {}, 'E_DATA_EMPTY', /query gives no rows. Got "select/],
  [{ sql: "select error('oh') as user, 2 as item" }, {}, 'E_QUERY_FAILED', /oh/],
  [{ sql: '' }, {}, 'E_ARGUMENT_TYPE', /path or \{ sql \}/],
  [{ sql: 'select 1' }, { engine: 'js' }, 'E_OPTION_VALUE', /delimited text/],
  [{ sql: 'select 1' }, { duckdb: { memory: '1GB' } }, 'E_OPTION_VALUE', /duckdb: .*memory/],
  [{ sql: 'select 1' }, { duckdb: { threads: 2 } }, 'E_OPTION_VALUE', /strings/],
] as [{ sql: string }, object, string, RegExp][])('refuses %j with %j', async (source, options, code, message) => {
  const error = await errorOf(readInteractions(source, options));
  expect(error).toMatchObject({ name: 'LeaError', code });
  expect(error.message).toMatch(message);
});

it('refuses files that are empty or no Parquet', async () => {
  const none = await written('x.parquet', 'select 1 as user, 2 as item where false');
  expect(await errorOf(readInteractions(none))).toMatchObject({ code: 'E_FILE_EMPTY', value: none });
  for (const content of ['', 'user,item\n1,2\n']) {
    const error = await errorOf(readInteractions(fileWith('x.parquet', content)));
    expect(error).toMatchObject({ code: 'E_FILE_READ', message: expect.stringContaining('x.parquet') });
  }
});

it.each([
  ['x.jsonl', ''],
  ['x.json', '[]'],
])('refuses %s without records as empty', async (name, text) => {
  expect(await errorOf(readInteractions(fileWith(name, text)))).toMatchObject({ code: 'E_FILE_EMPTY' });
});

it('reads a record without its history as one with an empty history', async () => {
  const lines = [
    { user_id: 'u', item_id_list: ['a'], item_id: 'c' },
    { user_id: 'w', item_id: 'c' },
  ];
  const data = await readInteractions(fileWith('x.jsonl', lines.map((line) => JSON.stringify(line)).join('\n')));
  expect(rowsOf(data)).toEqual(['u a 0 click', 'u c 1 click', 'w c 2 click']);
});

it('refuses numbers and dates as times of one column of JSON', async () => {
  const path = fileWith('x.jsonl', '{"user":1,"item":2,"time":3}\n{"user":1,"item":3,"time":"2024-01-01"}\n');
  expect(await errorOf(readInteractions(path))).toMatchObject({ code: 'E_TIME_MIXED', value: '2024-01-01' });
});

it('refuses a column that a query has twice', async () => {
  const error = await errorOf(readInteractions({ sql: 'select 1 as user, 2 as user, 3 as item;' }));
  expect(error).toMatchObject({ code: 'E_COLUMN_DUPLICATE', value: 'user' });
});

describe('long readings', () => {
  /** A folder of their own for temporary files. */
  const temporary = () => {
    const folder = folderWith({});
    vi.stubEnv('TMPDIR', folder);
    return () => readdirSync(folder);
  };
  const endless = { sql: 'select i as user, hash(i) % 7 as item from range(100000000000) t(i)' };

  it('tell their progress', async () => {
    const work = readInteractions({ sql: 'select i % 1000 as user, i % 7 as item from range(300000) t(i)' });
    const stages = new Set<string>();
    for await (const { stage, done, total } of work) {
      stages.add(stage);
      expect(done).toBeLessThanOrEqual(total!);
    }
    expect([...stages]).toContain('events');
    expect((await work).user).toHaveLength(300_000);
  });

  it('stop on the signal, and leave nothing behind', async () => {
    const files = temporary();
    const controller = new AbortController();
    const work = readInteractions(endless, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 300);
    await expect(work).rejects.toThrow('enough');
    expect(files()).toEqual([]);
    vi.unstubAllEnvs();
    const late = readInteractions(fileWith('x.csv', 'user,item\n1,2\n'), { signal: controller.signal });
    await expect(late).rejects.toThrow('enough');
  });

  it('stop when the loop over their events is left', async () => {
    const files = temporary();
    for await (const _ of readInteractions(endless)) {
      expect(files()).toHaveLength(1);
      break;
    }
    expect(files()).toEqual([]);
    vi.unstubAllEnvs();
  });
});

it('without the package says how to install it', async () => {
  vi.doMock('@duckdb/node-api', () => {
    throw new Error('not found');
  });
  vi.resetModules();
  const { readInteractions: read } = await import('../interactions.ts');
  const error = await errorOf(read({ sql: 'select 1' }));
  expect(error).toMatchObject({ code: 'E_PEER_MISSING', hint: 'Run npm i @duckdb/node-api.' });
  vi.doUnmock('@duckdb/node-api');
});
