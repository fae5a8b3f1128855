import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith } from '../../fixtures/files.ts';
import { readInteractions } from '../interactions.ts';
import { errorOf, noon, rowsOf, written } from './testing.ts';
import { keeps } from './types.ts';

const both = async (first: string, second: string) => {
  const folder = folderWith({});
  for (const [at, sql] of [first, second].entries()) await written(`${at}.parquet`, sql, folder);
  return join(folder, '*.parquet');
};

it.each([
  ['1.0::double', "'1'", 'user'],
  ['1::int', 'true', 'user'],
  ['1::decimal(9, 2)', "'1'", 'user'],
  ["timestamp '2024-01-01'", "timestamptz '2024-01-01'", 'time'],
  ["timestamp '2024-01-01'", '5', 'time'],
  ['16777217::int', '1.5::float', 'user'],
  ['1714564800000::bigint', '1.5::float', 'time'],
  ['19.99::decimal(10, 2)', '1.5::float', 'time'],
  ['1::decimal(38, 0)', '1.5::decimal(10, 2)', 'user'],
  ['1.5::decimal(10, 2)', '1::decimal(38, 0)', 'user'],
  ['1::decimal(20, 5)', '1.5::double', 'user'],
  ['1::hugeint::decimal(38, 0)', "'1'", 'user'],
])('files of %s and of %s are refused', async (first, second, column) => {
  const rest = column === 'user' ? '2 as item' : '1 as user, 2 as item';
  const path = await both(`select ${first} as ${column}, ${rest}`, `select ${second} as ${column}, ${rest}`);
  const error = await errorOf(readInteractions(path));
  expect(error).toMatchObject({ code: 'E_CELL_BAD', hint: expect.stringContaining('file by file') });
  expect(error.message).toMatch(/1\.parquet, column .*: its type does not fit .*, as in .*0\.parquet/);
});

it('files are read together if their values are read alike, or if the column is not read', async () => {
  const path = await both(
    "select 1::int as user, 2::bigint as item, date '2024-05-01' as time, 1.5::double as other",
    "select 3::bigint as user, 2::int as item, timestamp '2024-05-01 12:00:00' as time, 'x' as other",
  );
  expect(rowsOf(await readInteractions(path))).toEqual([`1 2 ${noon - 43_200_000} click`, `3 2 ${noon} click`]);
});

it('numbers of several types are read together, with all their digits', async () => {
  const path = await both(
    'select 7::int as user, 2 as item, 1::int as reward, 3::bigint as time',
    'select 7.0::double as user, 3.00::decimal(9, 2) as item, 1.5::double as reward, 2.25::double as time',
  );
  const data = await readInteractions(path, { columns: { reward: 'reward' } });
  expect(rowsOf(data)).toEqual(['7 3 2.25 click', '7 2 3 click']);
  expect(data.reward).toEqual(Float64Array.of(1.5, 1));
});

it('lists are compared by their elements', async () => {
  const log = (type: string) => `select 'u' || random() as user, [1]::${type}[] as item_id_list, 2 as item`;
  expect((await readInteractions(await both(log('int'), log('bigint')))).itemIds).toEqual(['1', '2']);
  const rounded = await both(log('int'), log('float'));
  expect(await errorOf(readInteractions(rounded))).toMatchObject({ code: 'E_CELL_BAD', value: 'FLOAT[]' });
});

it('types are compared whatever the case of the names of their columns', async () => {
  const path = await both('select 16777217::int as "User", 1 as item', 'select 1.5::float as "user", 1 as item');
  expect(await errorOf(readInteractions(path))).toMatchObject({ code: 'E_CELL_BAD', value: 'FLOAT' });
});

it.each([
  ['BIGINT', 'VARCHAR', true],
  ['DOUBLE', 'VARCHAR', false],
  ['BIGINT', 'DOUBLE', true],
  ['FLOAT', 'DOUBLE', true],
  ['FLOAT[]', 'DOUBLE[]', true],
  ['SMALLINT', 'FLOAT', true],
  ['INTEGER', 'FLOAT', false],
  ['DECIMAL(3,2)', 'FLOAT', false],
  ['DECIMAL(15,2)', 'DOUBLE', true],
  ['DECIMAL(16,2)', 'DOUBLE', false],
  ['BIGINT', 'DECIMAL(21,2)', true],
  ['UBIGINT', 'DECIMAL(21,2)', false],
  ['DECIMAL(10,2)', 'DECIMAL(38,0)', false],
  ['UBIGINT', 'HUGEINT', true],
  ['BOOLEAN', 'INTEGER', false],
  ['DATE', 'TIMESTAMP', true],
  ['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', false],
  ['INTEGER[]', 'DOUBLE[]', true],
  ['INTEGER', 'INTEGER[]', false],
])('%s in %s keeps all values: %s', (from, to, kept) => {
  expect(keeps(from, to, false)).toBe(kept);
  // The float next to .1 is another double than .1.
  expect(keeps(from, to, true)).toBe(kept && !from.startsWith('FLOAT'));
});

it('refuses decimals that DuckDB would read as other numbers', async () => {
  // Three rows of pyarrow's decimal256(50, 0): 100, 0 and 5.
  const path = join(import.meta.dirname, '../fixtures/decimal-50.parquet');
  const error = await errorOf(readInteractions(path));
  expect(error).toMatchObject({ code: 'E_CELL_BAD', value: 50, hint: expect.stringContaining('as text') });
  expect(error.message).toContain(
    'decimal-50.parquet, column item_id: expected decimals of at most 38 digits, got 50.',
  );
});

it.each([
  ["'x'::blob", 'at most 64 bits'],
  ['true', 'select "sku"::varchar as item'],
  ["{'id': 5}", 'take a part of it'],
])('says how ids of %s are read', async (sql, hint) => {
  const error = await errorOf(
    readInteractions({ sql: `select 'u' as name, ${sql} as sku` }, { columns: { user: 'name', item: 'sku' } }),
  );
  expect(error).toMatchObject({ code: 'E_CELL_BAD', hint: expect.stringContaining(hint) });
});

it('floats of 32 bits are ids as they are written', async () => {
  const sql = 'select 1 as user, unnest([7.0, 0.1, 16777215])::float as item';
  expect((await readInteractions({ sql })).itemIds).toEqual(['0.1', '16777215', '7']);
  const list = 'select 1 as user, [7.0, 0.1]::float[] as item_id_list, 3::float as item';
  expect((await readInteractions({ sql: list })).itemIds).toEqual(['0.1', '3', '7']);
  const mixed = await both('select 1 as user, 0.1::float as item', 'select 1 as user, 0.1::double as item');
  expect(await errorOf(readInteractions(mixed))).toMatchObject({
    code: 'E_CELL_BAD',
    hint: expect.stringMatching('one type'),
  });
});

it.each([
  ['1 as user, unnest([5, 16777217])::float as item', 'E_CELL_BAD', 'item'],
  ['unnest([5, 16777217])::float as user, 1 as item', 'E_CELL_BAD', 'user'],
  ['1 as user, 2 as item, unnest([[5], [5, -16777216]])::float[] as item_id_list', 'E_CELL_BAD', 'item_id_list'],
  ['1 as user, 2 as item, unnest([5, 1714564801])::float as time', 'E_TIME_BAD', 'time'],
])('refuses floats of 32 bits that have lost digits: %s', async (columns, code, name) => {
  const path = await written('x.parquet', `select ${columns}`);
  const error = await errorOf(readInteractions(path));
  expect(error).toMatchObject({
    code,
    message: expect.stringMatching(`x.parquet row 1, column ${name}: numbers of 2\\^24`),
  });
});

it('rewards in floats of 32 bits may be large', async () => {
  const sql = 'select 1 as user, 2 as item, 2e7::float as reward';
  const data = await readInteractions({ sql }, { columns: { reward: 'reward' } });
  expect(data.reward).toEqual(Float64Array.of(2e7));
});

it.each(['1e16', '1e300'])('refuses the double %s as an id, also in histories', async (value) => {
  for (const sql of [
    `select 'u' as name, ${value}::double as item`,
    `select 'u' as name, ${value}::double as item, [2] as item_id_list`,
    `select 'u' as name, 2 as item, [${value}::double] as item_id_list`,
  ]) {
    const error = await errorOf(readInteractions({ sql }, { columns: { user: 'name' } }));
    expect(error).toMatchObject({ code: 'E_CELL_BAD', value: Number(value) });
  }
});

it.each([
  ['[true]', 'E_CELL_BAD', 'BOOLEAN[]'],
  ["[date '2024-05-01']", 'E_CELL_BAD', 'DATE[]'],
  ['map {1: 2}', 'E_CELL_BAD', 'MAP(INTEGER, INTEGER)'],
  ['{a: 1}', 'E_CELL_BAD', 'STRUCT(a INTEGER)'],
  ['[[1]]', 'E_CELL_BAD', 'INTEGER[][]'],
  ['[1, null]', 'E_CELL_MISSING', null],
  ["['nan'::double]", 'E_CELL_MISSING', Number.NaN],
  ["['']", 'E_CELL_MISSING', ''],
])('refuses the history %s', async (list, code, value) => {
  const sql = `select 1 as "user", 2 as item, ${list} as item_id_list`;
  expect(await errorOf(readInteractions({ sql }, { missing: [] }))).toMatchObject({ code, value });
});

it('refuses the name of the own user of the database as the only id', async () => {
  const error = await errorOf(readInteractions({ sql: 'select user, 1 as item from range(3)' }));
  expect(error).toMatchObject({ code: 'E_COLUMN_MISSING', hint: expect.stringContaining('e.user') });
  expect((await errorOf(readInteractions({ sql: 'select e.user, 1 as item from range(3) e' }))).code).toBe(
    'E_QUERY_FAILED',
  );
  const data = await readInteractions({ sql: "select user, 1 as item from (values ('u'), ('duckdb')) e(user)" });
  expect(data.userIds).toEqual(['duckdb', 'u']);
});

it('reads times without a zone as UTC, whatever the zone of the machine', () => {
  const code = `
  import { readInteractions } from '@lea/data/node';
  const data = await readInteractions({ sql: "select 1 as user, 2 as item, '2024-05-01 12:00:00'::timestamptz as time" });
  console.log(data.time[0]);`;
  const told = execFileSync(process.execPath, ['--conditions=@lea/source', '--input-type=module', '-e', code], {
    env: { ...process.env, TZ: 'America/New_York' },
    cwd: join(import.meta.dirname, '../../../../eval'),
  });
  expect(Number(told)).toBe(noon);
});
