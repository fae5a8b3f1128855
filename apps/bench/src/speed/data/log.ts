import { LeaError } from '@lea/core';
import type { LogForm } from './settings.ts';

/** Size of a random log. */
export interface LogSize {
  readonly events: number;
  readonly users: number;
  readonly items: number;
}

/**
 * Writes a random log with DuckDB: users are texts, items are numbers of uneven popularity, times are milliseconds of one year, and
 * the rows are in no order.
 *
 * @throws LeaError `E_PEER_MISSING`
 */
export async function writeLog(path: string, { events, users, items }: LogSize, form: LogForm): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api').catch((cause: unknown) => {
    throw new LeaError('E_PEER_MISSING', 'The log is written by the optional package @duckdb/node-api.', {
      hint: 'Run npm i @duckdb/node-api.',
      cause,
    });
  });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = `select 'u' || (hash(i) % ${users}) as user_id,
    (pow((hash(i * 7 + 1) % 1000000) / 1000000, 3) * ${items})::int as item_id,
    1700000000000 + (hash(i * 13 + 5) % 31536000000)::bigint as timestamp
    from range(${events}) log(i)`;
  await connection.run(`copy (${rows}) to '${path.replaceAll("'", "''")}' (format ${form})`);
  connection.closeSync();
  instance.closeSync();
}
