import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith } from '../../fixtures/files.ts';
import { readInteractions } from '../interactions.ts';
import { errorOf, noon, rowsOf, written } from './testing.ts';

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
    'select 7.0::double as user, 3.00::decimal(9, 2) as item, 1.5::double as reward, 2.25::float as time',
  );
  const data = await readInteractions(path, { columns: { reward: 'reward' } });
  expect(rowsOf(data)).toEqual(['7 3 2.25 click', '7 2 3 click']);
  expect(data.reward).toEqual(Float64Array.of(1.5, 1));
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
