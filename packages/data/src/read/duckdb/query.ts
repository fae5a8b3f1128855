import { LeaError } from '@lea/core';
import { type Database, firstLine, literal } from './database.ts';
import type { Source } from './part.ts';
import type { Staged } from './stage.ts';
import { columnsOf } from './types.ts';

/** The rows of a query. @throws LeaError `E_QUERY_FAILED` */
export async function querySource(db: Database, sql: string): Promise<Source> {
  const failed = (cause: unknown) =>
    new LeaError('E_QUERY_FAILED', `The query failed: ${firstLine(cause)}`, {
      value: sql,
      hint: /^Extension Autoloading/.test(firstLine(cause))
        ? "Let DuckDB fetch its extension: duckdb: { autoinstall_known_extensions: 'true' }."
        : 'Give one SELECT statement of DuckDB, with names that SQL reserves, such as "at", in double quotes.',
      cause,
    });
  const from = `query(${literal(sql)})`;
  const columns = await columnsOf(db, from).catch((cause) => {
    throw failed(cause);
  });
  // Within `from`, DuckDB renames columns of one name.
  const [header = []] = await db.columns(`describe ${sql}`).catch(() => [columns.map(({ name }) => name)]);
  const place = async (row: number) => `the query, row ${row}`;
  const part = { where: 'the query', header: header.map(String), columns, from, place };
  return {
    name: 'the query',
    parts: [part],
    delimited: false,
    counted: false,
    check: async () => {},
    failure: (_, cause) => failed(cause),
  };
}

/**
 * Refuses the name of the database's own user as the only id: SQL gives it for `user`, also in double quotes, where a source
 * has no such column.
 *
 * @throws LeaError `E_COLUMN_MISSING`
 */
export async function refuseOwnName(db: Database, sql: string, staged: Staged): Promise<void> {
  if (!/\b(user|current_user|session_user|current_role)\b/i.test(sql)) return;
  for (const role of ['user', 'item'] as const) {
    if (staged.type[role] !== 'VARCHAR' || staged.column[role] === undefined) continue;
    const others = await db.value(
      `select count(*) from (select 1 from rows where "${role}" is distinct from current_user limit 1)`,
    );
    if (Number(others) > 0) continue;
    throw new LeaError('E_COLUMN_MISSING', `the query: every ${role} is the name of DuckDB's own user.`, {
      value: sql,
      hint: "SQL gives it for user where the source has no such column. Name the source: select e.user from 'logs/*.parquet' e.",
    });
  }
}
