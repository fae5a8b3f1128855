import { LeaError } from '@lea/core';
import { isRemote } from '../other-forms.ts';
import { emptyFile } from '../table.ts';
import { bytesOf, storageOf, textOf } from '../text.ts';
import { type Database, identifier, literal } from './database.ts';
import { folderColumns, withFolders } from './folders.ts';
import { alike, checkParquet } from './parquet.ts';
import { escaped, missingIn, type Part, type PartOptions, type Source, unreadable } from './part.ts';
import { columnsOf, writtenType } from './types.ts';

/** Files of Parquet. Columns are matched by name, and their types are the ones that hold the values of all files. */
export async function parquetSource(
  db: Database,
  name: string,
  files: readonly string[],
  { choose }: PartOptions,
): Promise<Source> {
  const scan = (more: string) => `read_parquet(${listOf(files)}, union_by_name = true, ${more})`;
  const own = await columnsOf(db, withFolders([], scan)).catch((cause) => {
    throw unreadable(name, cause);
  });
  const { names, columns } = withFolderColumns(files, own);
  await checkParquet(db, files, own, choose(columns.map((column) => column.name)));
  return recordSource(db, name, files, { columns, from: withFolders(names, scan) }, 'read_parquet');
}

/** Files of JSON, whose records are objects. Columns are matched by name. */
export async function jsonSource(
  db: Database,
  name: string,
  files: readonly string[],
  { choose, between }: PartOptions,
): Promise<Source> {
  for (const file of files) await checkGzip(file, between);
  if (files.length > 1) for (const file of files) if (await isBlank(file)) throw emptyFile(file);
  const guess = (more: string) =>
    // Many keys of one type are columns too.
    `read_json(${listOf(files)}, union_by_name = true, sample_size = -1, map_inference_threshold = -1, ${more})`;
  const own = await columnsOf(db, withFolders([], guess)).catch((cause) => {
    throw unreadable(name, cause);
  });
  if (own.length === 1 && own[0]!.name === 'json') throw await noRecords(db, name, withFolders([], guess));
  const { names, columns: all } = withFolderColumns(files, own);
  const columns = all.map((column) => ({ ...column, type: writtenType(column.type) }));
  const chosen = new Set(
    Object.values(choose(columns.map((column) => column.name))).map((column) => column.toLowerCase()),
  );
  await checkKeys(db, name, files, own, chosen);
  const { history } = choose(columns.map((column) => column.name));
  if (history !== undefined && files.length > 1) await checkHistories(db, files, history);
  const read = own.filter((column) => chosen.has(column.name.toLowerCase()));
  const types = (read.length > 0 ? read : own)
    .map(({ name, type }) => `${literal(name)}: ${literal(writtenType(type))}`)
    .join(', ');
  const scan = (more: string) => `read_json(${listOf(files)}, columns = {${types}}, ${more})`;
  return recordSource(db, name, files, { columns, from: withFolders(names, scan) }, 'read_json');
}

function listOf(files: readonly string[]): string {
  return `[${files.map((file) => literal(escaped(file))).join(', ')}]`;
}

/** The names of the columns of folders, and all columns. */
function withFolderColumns(files: readonly string[], own: Part['columns']) {
  const names = folderColumns(
    files,
    own.map(({ name }) => name),
  );
  return { names, columns: [...own, ...names.map((name) => ({ name, type: 'VARCHAR' }))] };
}

function recordSource(
  db: Database,
  name: string,
  files: readonly string[],
  { columns, from }: Pick<Part, 'columns' | 'from'>,
  reader: 'read_parquet' | 'read_json',
): Source {
  const place = async (row: number): Promise<string> => {
    let left = row;
    for (const file of files) {
      const rows = Number(await db.value(`select count(*) from ${reader}(${literal(escaped(file))})`));
      if (left < rows) return `${file} row ${left}`;
      left -= rows;
    }
    return name;
  };
  return {
    name,
    parts: [{ where: name, header: columns.map((column) => column.name), columns, from, place }],
    delimited: false,
    counted: reader === 'read_parquet',
    check: async () => {},
    failure: (_, cause) => unreadable(name, cause),
  };
}

/**
 * Decompresses a gzipped file, because DuckDB reads what is left of a truncated or damaged one without an error.
 *
 * @throws LeaError `E_FILE_READ`
 */
async function checkGzip(file: string, between: () => void): Promise<void> {
  if (isRemote(file) || !(await storageOf(file, 'utf-8')).gzip) return;
  for await (const _ of bytesOf(file)) between();
}

/**
 * Refuses a file without any history where others have some. A record without one has an empty one, so that its item would be
 * the user's first.
 *
 * @throws LeaError `E_COLUMN_MISSING`
 */
async function checkHistories(db: Database, files: readonly string[], history: string): Promise<void> {
  const counts: number[] = [];
  for (const file of files) {
    const scan = `read_json(${literal(escaped(file))}, columns = {${literal(history)}: 'JSON'})`;
    counts.push(Number(await db.value(`select count(${identifier(history)}) from ${scan}`)));
  }
  const lacking = files.find((_, at) => counts[at] === 0);
  const having = files.find((_, at) => counts[at]! > 0);
  if (lacking !== undefined && having !== undefined) throw missingIn(lacking, history, having, 'history');
}

/** Whether a file has no text, in any encoding. Other systems than that of files are up to DuckDB. */
async function isBlank(file: string): Promise<boolean> {
  if (isRemote(file)) return false;
  for await (const text of textOf(file, 'windows-1252')) if (text.trim() !== '') return false;
  return true;
}

/** The error for JSON that DuckDB reads as one column, which it names `json`. */
async function noRecords(db: Database, name: string, from: string): Promise<LeaError> {
  if (Number(await db.value(`select count(*) from ${from}`)) === 0) return emptyFile(name);
  return new LeaError('E_FILE_READ', 'The records of the file are not objects with keys.', {
    value: name,
    hint: 'Write an object per event, such as {"user": "u", "item": "i"}, one per line or in a list.',
  });
}

/**
 * Refuses keys of records that differ only in case. DuckDB adds a number to the second one.
 *
 * @throws LeaError `E_COLUMN_DUPLICATE`
 */
async function checkKeys(
  db: Database,
  name: string,
  files: readonly string[],
  columns: Part['columns'],
  chosen: ReadonlySet<string>,
): Promise<void> {
  const numbered = columns.flatMap((column) => /^(.*)_\d+$/s.exec(column.name)?.[1]?.toLowerCase() ?? []);
  if (!numbered.some((key) => chosen.has(key))) return;
  const keys = `select unnest(json_keys(json)) as key from read_json_objects(${listOf(files)})`;
  const [spelled = []] = await db.columns(`select distinct key from (${keys}) order by key`);
  for (const key of chosen) {
    const same = spelled.map(String).filter((one) => one.toLowerCase() === key);
    if (same.length > 1) throw alike(name, same);
  }
}
