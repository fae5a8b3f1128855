import { LeaError } from '@lea/core';
import { trimmed } from '../../trimmed.ts';
import { findColumn, type Role } from '../columns.ts';
import { type Database, identifier, literal } from './database.ts';
import { missingIn, type Part, type PartOptions, type Source } from './part.ts';
import { checkRoom } from './room.ts';
import { historySql, idSql } from './sql.ts';
import { elementType } from './types.ts';

/** The chosen cells of all rows in the table `rows`, whose `rowid` is the position in the source. */
export interface Staged {
  /** Number of rows. */
  readonly count: number;
  /** Role -> name of its column in the source. */
  readonly column: Readonly<Partial<Record<Role, string>>>;
  /** Role -> DuckDB's type of its column in `rows`. */
  readonly type: Readonly<Partial<Record<Role, string>>>;
  /**
   * A cell as our reader gives it: in delimited text, missing cells are empty, whitespace around cells is removed, and ids of JSON
   * are what the JSON says.
   */
  read(cell: unknown, role?: Role): unknown;
  /** Describes a row, and the column of a role, in errors. */
  place(row: number, role?: Role): Promise<string>;
}

/**
 * Calls a check that describes rows in its errors. Finding the line of a row takes a reading of its file, so it is done only when
 * the check fails, which then is called again.
 */
export async function located<T>(
  staged: Staged,
  check: (where: (row: number, role?: Role) => string) => T,
): Promise<T> {
  const asked: [row: number, role?: Role][] = [];
  try {
    return check((...of) => {
      asked.push(of);
      return '';
    });
  } catch {
    const places = new Map<string, string>();
    for (const of of asked) places.set(String(of), await staged.place(...of));
    return check((...of) => places.get(String(of))!);
  }
}

/**
 * Copies the chosen columns of a source into the table `rows`, and yields how much is done, in percent.
 *
 * @throws LeaError `E_DATA_LARGE`, `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`, `E_CELL_BAD` (a type that holds no ids), and the source's failures
 */
export async function* stage(
  db: Database,
  source: Source,
  { choose, file }: PartOptions,
): AsyncGenerator<number, Staged, undefined> {
  sameRoles(source.parts, choose);
  const ends: number[] = [];
  let column: Partial<Record<Role, string>> = {};
  let type: Partial<Record<Role, string>> = {};
  for (const [at, part] of source.parts.entries()) {
    const chosen = choose(part.header);
    const rewards = chosen.reward !== undefined;
    const begin = ends.at(-1) ?? 0;
    if (source.counted) checkRoom(Number(await db.value(`select count(*) from ${part.from}`)), rewards);
    const picks = Object.entries(chosen).map(([role, name]) => ({
      role: role as Role,
      at: findColumn(part.where, name, part.header),
    }));
    if (at === 0) {
      column = Object.fromEntries(picks.map(({ role, at }) => [role, part.header[at]!]));
      type = Object.fromEntries(picks.map(({ role, at }) => [role, part.columns[at]!.type]));
    }
    const cells = picks.map(({ role, at }) => {
      const { name, type } = part.columns[at]!;
      return `${cellSql(role, identifier(name), type, `${part.where}, column ${part.header[at]}`)} as ${identifier(role)}`;
    });
    const into = at === 0 ? 'create table rows as' : 'insert into rows by name';
    const statement = db.run(`${into} select ${cells.join(', ')} from ${part.from}`);
    try {
      for await (const percent of statement) yield Math.floor((100 * at + percent) / source.parts.length);
    } catch (cause) {
      await source.check(at);
      throw source.failure(at, cause);
    }
    ends.push(Number(await db.value('select count(*) from rows')));
    checkRoom(ends.at(-1)!, rewards);
    if (part.repeats && (await mayHaveHeader(db, begin, picks, part.header))) await source.check(at);
    for (const { role, at } of picks) await refuseRounded(db, role, part.columns[at]!, { begin, place: part.place });
  }
  const place = async (row: number, role?: Role): Promise<string> => {
    const part = ends.findIndex((end) => row < end);
    const where = await source.parts[part]!.place(row - (ends[part - 1] ?? 0));
    return role === undefined ? where : `${where}, column ${column[role]}`;
  };
  const read = (cell: unknown, role?: Role) => {
    const json = role !== undefined && type[role] === 'JSON' && typeof cell === 'string';
    const text = json ? JSON.parse(cell) : source.delimited ? (cell ?? '') : cell;
    return typeof text === 'string' && file.trim ? trimmed(text) : text;
  };
  return { count: ends.at(-1)!, column, type, read, place };
}

/** Refuses files of which only some have a column. @throws LeaError `E_COLUMN_MISSING` */
function sameRoles(parts: readonly Part[], choose: PartOptions['choose']): void {
  const chosen = parts.map(({ header }) => choose(header));
  const roles: Partial<Record<Role, string>> = Object.assign({}, ...chosen);
  for (const role of Object.keys(roles) as Role[]) {
    const lacking = chosen.findIndex((names) => names[role] === undefined);
    if (lacking < 0) continue;
    const other = chosen.findIndex((names) => names[role] !== undefined);
    const name = chosen[other]![role]!;
    throw missingIn(parts[lacking]!.where, name, parts[other]!.where, role);
  }
}

/** Whether some row from this one on looks like the header again. */
async function mayHaveHeader(
  db: Database,
  from: number,
  picks: readonly { role: Role; at: number }[],
  header: readonly string[],
): Promise<boolean> {
  const alike = picks.map(({ role, at }) => `contains(${identifier(role)}, ${literal(header[at]!)})`);
  return Number(await db.value(`select count(*) from rows where rowid >= ${from} and ${alike.join(' and ')}`)) > 0;
}

/** Floats of 32 bits have all whole numbers below this one. */
const MOST_FLOAT = 2 ** 24;

/**
 * Refuses ids and times in floats of 32 bits that are so large that neighbors are the same float: other ids would be one, and
 * events minutes apart would have one time.
 *
 * @throws LeaError `E_CELL_BAD`, `E_TIME_BAD`
 */
async function refuseRounded(
  db: Database,
  role: Role,
  { name, type }: Part['columns'][number],
  { begin, place }: { readonly begin: number; readonly place: Part['place'] },
): Promise<void> {
  if (role === 'reward' || !/^FLOAT(\[\d*\])?$/.test(type)) return;
  const large = (value: string) => `(abs(${value}) >= ${MOST_FLOAT} and isfinite(${value}))`;
  const column = identifier(role);
  const values = type === 'FLOAT' ? large(column) : `len(list_filter(${column}, lambda id: ${large('id')})) > 0`;
  const [row] = (await db.columns(`select min(rowid) from rows where rowid >= ${begin} and ${values}`))[0]!;
  if (row === null || row === undefined) return;
  throw new LeaError(
    role === 'time' ? 'E_TIME_BAD' : 'E_CELL_BAD',
    `${await place(Number(row) - begin)}, column ${name}: numbers of 2^24 and more have lost digits in a column of 32-bit floats.`,
    {
      value: type,
      hint: 'Write the column as integers, doubles or texts, from before the digits were lost.',
    },
  );
}

function cellSql(role: Role, column: string, type: string, where: string): string {
  if (role === 'time' || role === 'reward') return column;
  const sql = role === 'history' ? historySql(column, type) : idSql(column, type);
  if (sql !== undefined) return sql;
  const what = role === 'history' ? 'lists of ids' : 'ids';
  throw new LeaError('E_CELL_BAD', `${where}: expected a column of ${what}, got one of another type.`, {
    value: type,
    hint: wayOut(role, column, type),
  });
}

/** How ids of another type become ids that are read. */
function wayOut(role: Role, column: string, type: string): string {
  // Integers of 128 bits become bytes when they are written.
  if (/BLOB/.test(type))
    return 'Write the column as text, or as integers of at most 64 bits: its bytes do not say what they are.';
  if (role === 'history')
    return 'Choose another column, or make a list of texts or integers in a query: { sql: "select ..." }.';
  if (type.startsWith('STRUCT') || elementType(type) !== undefined)
    return 'Choose another column, or take a part of it in a query: { sql: "select ..." }.';
  return `Choose another column, or convert it in a query: { sql: \`select ${column}::varchar as ${role}, ... from ...\` }.`;
}
