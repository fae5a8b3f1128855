import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { folderWith } from '../../fixtures/files.ts';
import type { Interactions } from '../../interactions.ts';
import { literal } from './database.ts';

/** Writes the rows of a query into a file, in a fresh folder unless one is given, and returns its path. */
export async function written(name: string, sql: string, folder: string = folderWith({})): Promise<string> {
  const path = join(folder, name);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`copy (${sql}) to ${literal(path)}`);
  connection.closeSync();
  return path;
}

/** Events as `user item time kind`. */
export const rowsOf = (data: Interactions): string[] =>
  [...data.item].map((item, e) =>
    [data.userIds[data.user[e]!], data.itemIds[item], data.time[e], data.kinds[data.kind[e]!]].join(' '),
  );

/** What a reading rejects with. */
export const errorOf = (reading: Promise<unknown>): Promise<Error & { code?: string }> =>
  reading.then(() => undefined).catch((error) => error);

/** 2024-05-01T12:00:00Z: 19,844 days after 1970, and half a day. */
export const noon: number = 19_844 * 86_400_000 + 43_200_000;
