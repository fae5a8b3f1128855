import { LeaError } from '@lea/core';
import type { Role } from '../columns.ts';
import { type Database, literal } from './database.ts';
import { escaped, missingIn, type Part, unreadable } from './part.ts';
import { columnsOf, keeps } from './types.ts';

/** DuckDB reads decimals of more digits as other numbers. */
const MOST_DIGITS = 38;

/** A column of a Parquet file, as its schema has it. */
interface Written {
  readonly file: string;
  readonly name: string;
  /** The most digits of its decimals. */
  readonly digits: number;
}

/**
 * Refuses what DuckDB would read as something else: columns whose names differ only in case, decimals of more than 38 digits,
 * columns that only some files have, and columns whose types in several files have no common one that keeps their values. It
 * would round numbers, make ids of '1' and 1.0 that differ, or read times by a time zone in one file only.
 *
 * @param columns of all files together
 * @param chosen role -> name of the columns to read
 * @throws LeaError `E_FILE_READ`, `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`, `E_CELL_BAD`
 */
export async function checkParquet(
  db: Database,
  files: readonly string[],
  columns: Part['columns'],
  chosen: Partial<Record<Role, string>>,
): Promise<void> {
  const names = new Map(Object.entries(chosen).map(([role, name]) => [name.toLowerCase(), role as Role]));
  const seen = new Map<string, Written>();
  const written = (await schemaOf(db, files)).filter(({ name }) => names.has(name.toLowerCase()));
  refuseMissing(files, written, names);
  for (const column of written) {
    const { file, name } = column;
    if (column.digits > MOST_DIGITS) throw manyDigits(column);
    const key = `${file}\n${name.toLowerCase()}`;
    const other = seen.get(key);
    if (other) throw alike(file, [other.name, name]);
    seen.set(key, column);
  }
  if (files.length > 1) {
    const common = columns.filter(({ name }) => names.has(name.toLowerCase()));
    await checkTypes(db, files, new Map(common.map(({ name, type }) => [name.toLowerCase(), type])), names);
  }
}

/** Refuses a column that only some files have: DuckDB would read the events of the others as if its cells were empty. */
function refuseMissing(files: readonly string[], columns: readonly Written[], roles: ReadonlyMap<string, Role>): void {
  const byName = Map.groupBy(columns, ({ name }) => name.toLowerCase());
  for (const [key, same] of byName) {
    const having = new Set(same.map(({ file }) => file));
    const lacking = files.find((file) => !having.has(file));
    if (lacking !== undefined) throw missingIn(lacking, same[0]!.name, same[0]!.file, roles.get(key)!);
  }
}

/** The error for columns that DuckDB cannot tell apart. */
export function alike(where: string, names: readonly string[]): LeaError {
  return new LeaError('E_COLUMN_DUPLICATE', `${where}: the names of two columns differ only in case.`, {
    value: names,
    hint: 'DuckDB cannot tell them apart. Rename or remove one of them in the file.',
  });
}

function manyDigits({ file, name, digits }: Written): LeaError {
  return new LeaError(
    'E_CELL_BAD',
    `${file}, column ${name}: expected decimals of at most ${MOST_DIGITS} digits, got ${digits}.`,
    {
      value: digits,
      hint: 'DuckDB reads them as other numbers. Write the column as text, or with fewer digits.',
    },
  );
}

/** The columns of files, without those inside other columns. */
async function schemaOf(db: Database, files: readonly string[]): Promise<Written[]> {
  const all: Written[] = [];
  for (const file of files) {
    const from = `parquet_schema(${literal(escaped(file))})`;
    const [names = [], children = [], precision = []] = await db
      .columns(`select name, num_children, precision from ${from}`)
      .catch((cause) => {
        throw unreadable(file, cause);
      });
    // The schema lists a column before those inside it; the first entry is the file itself.
    const open: number[] = [];
    for (const [at, name] of names.entries()) {
      const digits = Number(precision[at] ?? 0);
      if (open.length === 1) all.push({ file, name: String(name), digits });
      else if (open.length > 1) {
        const column = all.pop()!;
        all.push({ ...column, digits: Math.max(column.digits, digits) });
      }
      if (open.length > 0) open.push(open.pop()! - 1);
      if (children[at] !== null) open.push(Number(children[at]));
      while (open.at(-1) === 0) open.pop();
    }
  }
  return all;
}

async function checkTypes(
  db: Database,
  files: readonly string[],
  common: ReadonlyMap<string, string>,
  roles: ReadonlyMap<string, Role>,
): Promise<void> {
  /** Column -> the first file of each of its types. */
  const known = new Map<string, { file: string; type: string }[]>();
  for (const file of files) {
    const columns = await columnsOf(db, `read_parquet(${literal(escaped(file))}, hive_partitioning = false)`).catch(
      (cause) => {
        throw unreadable(file, cause);
      },
    );
    for (const { name, type } of columns) {
      const key = name.toLowerCase();
      const to = common.get(key);
      if (to === undefined) continue;
      const types = known.get(key) ?? [];
      if (types.some((one) => one.type === type)) continue;
      known.set(key, [...types, { file, type }]);
    }
  }
  for (const [name, types] of known) {
    const ids = !['time', 'reward'].includes(roles.get(name)!);
    const lost = types.find(({ type }) => !keeps(type, common.get(name)!, ids));
    if (!lost) continue;
    const [first, second] = lost === types[0] ? [lost, types[1]!] : [types[0]!, lost];
    throw new LeaError(
      'E_CELL_BAD',
      `${second.file}, column ${name}: its type does not fit ${first.type}, as in ${first.file}.`,
      {
        value: second.type,
        hint: 'Write the column with one type, or convert it file by file in a query: { sql: "select ... union all by name select ..." }.',
      },
    );
  }
}
