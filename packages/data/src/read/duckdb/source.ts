import { stat } from 'node:fs/promises';
import { LeaError } from '@lea/core';
import { readError } from '@lea/core/node';
import { emptyFile } from '../table.ts';
import { type Database, firstLine, literal } from './database.ts';
import { checkRows, delimitedPart } from './delimited-part.ts';
import { escaped, type Part, type PartOptions } from './part.ts';

/**
 * Where events come from: the path of a file, a pattern of paths such as `logs/*.parquet`, or a query of DuckDB, such as
 * `{ sql: "select * from 'logs/*.parquet' where country = 'DE'" }`.
 */
export type InteractionSource = string | { readonly sql: string };

/** How a source is stored. */
export type SourceForm = 'delimited' | 'Parquet' | 'JSON' | 'a query';

/** @throws LeaError `E_ARGUMENT_TYPE` */
export function formOf(source: InteractionSource): SourceForm {
  if (typeof source !== 'string') {
    if (typeof source.sql === 'string' && source.sql.trim() !== '') return 'a query';
    throw new LeaError('E_ARGUMENT_TYPE', 'readInteractions: source must be a path or { sql }.', { value: source });
  }
  if (/\.parquet$/i.test(source)) return 'Parquet';
  return /\.(json|jsonl|ndjson)(\.gz)?$/i.test(source) ? 'JSON' : 'delimited';
}

/** The rows of a source, in one part or several. */
export interface Source {
  /** Names it in notes. */
  readonly name: string;
  readonly parts: readonly Part[];
  /** Whether it is delimited text. */
  readonly delimited: boolean;
  /** Whether it stores the number of its rows. */
  readonly counted: boolean;
  /** Throws what our reader finds wrong with the rows of a part of delimited text. */
  check(part: number): Promise<void>;
  /** The error for a part that DuckDB cannot read. */
  failure(part: number, cause: unknown): LeaError;
}

/**
 * Finds the files and columns of a source.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_QUERY_FAILED`, and for delimited text those of `eachRow`
 */
export async function openSource(
  db: Database,
  source: InteractionSource,
  form: SourceForm,
  options: PartOptions,
): Promise<Source> {
  if (typeof source !== 'string') return await querySource(db, source.sql);
  const files = await filesOf(db, source);
  if (form !== 'delimited')
    return await recordSource(db, source, files, form === 'JSON' ? 'read_json' : 'read_parquet', options);
  const parts: Part[] = [];
  for (const file of files) parts.push(await delimitedPart(file, options));
  return {
    name: source,
    parts,
    delimited: true,
    counted: false,
    check: (part) => checkRows(files[part]!, options),
    failure: (part, cause) => unreadable(files[part]!, cause, 'Leave the option "engine" out if the file is small.'),
  };
}

async function querySource(db: Database, sql: string): Promise<Source> {
  const failed = (cause: unknown) =>
    new LeaError('E_QUERY_FAILED', `The query failed: ${firstLine(cause)}`, {
      value: sql,
      hint: 'Give one SELECT statement of DuckDB, with names that SQL reserves, such as "at", in double quotes.',
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

/** Files of Parquet or JSON. Columns are matched by name, and their types are the ones that hold the values of all files. */
async function recordSource(
  db: Database,
  name: string,
  files: readonly string[],
  reader: 'read_json' | 'read_parquet',
  { choose }: PartOptions,
): Promise<Source> {
  const list = `[${files.map((file) => literal(escaped(file))).join(', ')}]`;
  const failure = (_: number, cause: unknown) => unreadable(name, cause);
  const all = `${list}, union_by_name = true`;
  const whole = reader === 'read_parquet' ? `read_parquet(${all})` : `read_json(${all}, sample_size = -1)`;
  const columns = await columnsOf(db, whole).catch((cause) => {
    throw unreadable(name, cause);
  });
  // DuckDB names the only column of JSON without records so.
  const nothing = reader === 'read_json' && columns.length === 1 && columns[0]!.name === 'json';
  if (nothing && Number(await db.value(`select count(*) from ${whole}`)) === 0) throw emptyFile(name);
  if (reader === 'read_parquet') await checkTypes(db, files, Object.values(choose(columns.map(({ name }) => name))));
  // What only looks like a date or a UUID stays a text, as an id needs it.
  const texts = columns.map(({ name, type }) => ({ name, type: guessed.test(type) ? 'VARCHAR' : type }));
  const types = texts.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ');
  const place = async (row: number): Promise<string> => {
    let from = row;
    for (const file of files) {
      const rows = Number(await db.value(`select count(*) from ${reader}(${literal(escaped(file))})`));
      if (from < rows) return `${file} row ${from}`;
      from -= rows;
    }
    return name;
  };
  const part =
    reader === 'read_parquet'
      ? { columns, from: whole }
      : { columns: texts, from: `read_json(${list}, columns = {${types}})` };
  return {
    name,
    parts: [{ where: name, header: columns.map(({ name }) => name), ...part, place }],
    delimited: false,
    counted: reader === 'read_parquet',
    check: async () => {},
    failure,
  };
}

/**
 * Refuses columns whose types in several files have no common type that keeps their values: DuckDB would make ids of '1' and 1.0
 * that differ, or read times by a time zone in one file only.
 *
 * @throws LeaError `E_CELL_BAD`
 */
async function checkTypes(db: Database, files: readonly string[], chosen: readonly string[]): Promise<void> {
  if (files.length < 2) return;
  const names = chosen.map((name) => name.toLowerCase());
  const known = new Map<string, { file: string; type: string }[]>();
  for (const file of files) {
    const columns = await columnsOf(db, `read_parquet(${literal(escaped(file))})`).catch((cause) => {
      throw unreadable(file, cause);
    });
    for (const { name, type } of columns.filter((column) => names.includes(column.name.toLowerCase()))) {
      const before = known.get(name) ?? [];
      if (before.some((one) => one.type === type)) continue;
      known.set(name, [...before, { file, type }]);
      const other = before.find((one) => !haveCommonType(one.type, type));
      if (!other) continue;
      throw new LeaError(
        'E_CELL_BAD',
        `${file}, column ${name}: its type does not fit ${other.type}, as in ${other.file}.`,
        {
          value: type,
          hint: 'Write the column with one type, or convert it file by file in a query: { sql: "select ... union all by name select ..." }.',
        },
      );
    }
  }
}

/** Whether two types have a common one that keeps all values: numbers, texts and whole numbers, dates without a zone. */
function haveCommonType(a: string, b: string): boolean {
  return (
    a === b ||
    [/INT|FLOAT|DOUBLE|DECIMAL/, /INT|VARCHAR/, /^(DATE|TIMESTAMP(_S|_MS|_NS)?)$/].some(
      (kind) => kind.test(a) && kind.test(b),
    )
  );
}

/** Types that DuckDB guesses from the texts of JSON. */
const guessed = /^(DATE|TIME|TIMESTAMP.*|UUID)$/;

async function columnsOf(db: Database, from: string): Promise<Part['columns']> {
  const [names = [], types = []] = await db.columns(`describe select * from ${from}`);
  return names.map((name, at) => ({ name: String(name), type: String(types[at]) }));
}

/** The files of a path or a pattern, in the order of their names. A file whose name looks like a pattern is read itself. */
async function filesOf(db: Database, path: string): Promise<string[]> {
  // Other systems than that of files are up to DuckDB.
  if (/^\w+:\/\//.test(path)) return [path];
  const missing = await stat(path).then(
    () => undefined,
    (cause: unknown) => readError(path, cause),
  );
  if (!missing) return [path];
  if (!/[*?[]/.test(path)) throw missing;
  const [files = []] = await db.columns(`select file from glob(${literal(path)}) order by file`);
  if (files.length > 0) return files.map(String);
  throw new LeaError('E_FILE_MISSING', 'No file matches the pattern.', { value: path, hint: 'Check the path.' });
}

function unreadable(
  path: string,
  cause: unknown,
  hint = 'Check that it was written or downloaded completely.',
): LeaError {
  return new LeaError('E_FILE_READ', `DuckDB cannot read the file: ${firstLine(cause)}`, { value: path, hint, cause });
}
