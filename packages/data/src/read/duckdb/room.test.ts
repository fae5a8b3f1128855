import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, expect, test, vi } from 'vitest';
import { fileWith, folderWith } from '../../fixtures/files.ts';
import { readInteractions } from '../interactions.ts';
import { Database } from './database.ts';
import { checkRoom } from './room.ts';

afterEach(() => vi.restoreAllMocks());

test('a log that memory cannot hold is refused with the size that it needs', () => {
  checkRoom(1_000_000, false, 41e6);
  checkRoom(1_000_000, true, 57e6);
  expect(() => checkRoom(1_000_001, true, 57e6)).toThrow('1,000,001 events');
  expect(() => checkRoom(1_000_001, false, 41e6)).toThrow(
    'The log has 1,000,001 events, which need at least 0.0 GB of memory, and there are 0.0 GB.',
  );
  expect(() => checkRoom(2e9, false, 24e9)).toThrow('need at least 82.0 GB of memory, and there are 24.0 GB');
  checkRoom(2 ** 31 - 1, true, Infinity);
  expect(() => checkRoom(2 ** 31, true, Infinity)).toThrow('2,147,483,648 events, at most 2,147,483,647 are possible');
});

test('Parquet is refused before its rows are copied, other sources when their rows are counted', async () => {
  const path = join(folderWith({}), 'x.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`copy (select i % 7 as user, i as item from range(1000) t(i)) to '${path}'`);
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(999 * 41);
  const text = fileWith('x.csv', `user,item\n${'1,2\n'.repeat(1000)}`);
  for (const source of [path, { sql: 'select i as user, i as item from range(1000) t(i)' }]) {
    await expect(readInteractions(source)).rejects.toMatchObject({ code: 'E_DATA_LARGE', value: 1000 });
  }
  const staged = vi.spyOn(Database.prototype, 'run');
  await expect(readInteractions(path)).rejects.toThrow('The log has 1,000 events');
  expect(staged).not.toHaveBeenCalled();
  await expect(readInteractions(text, { engine: 'duckdb' })).rejects.toMatchObject({ code: 'E_DATA_LARGE' });
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(1000 * 41);
  expect((await readInteractions(path)).user).toHaveLength(1000);
});
