import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { columnName, findColumn } from '../columns.ts';
import { refuseHeader } from '../delimited.ts';
import { eachRecord } from '../records.ts';
import { eachRow, emptyFile, type FileOptions, formatOf, type Table } from '../table.ts';
import { storageOf, textOf } from '../text.ts';
import { literal } from './database.ts';
import { looksOf } from './looks.ts';
import { escaped, type Part, type PartOptions } from './part.ts';

/**
 * A delimited file as DuckDB reads it. DuckDB lets pass some quotes that our reader refuses, and refuses mixed line ends. So files
 * with quotes or with empty last cells are first checked record by record, and files with mixed line ends or in another encoding
 * than UTF-8 are first written to the temporary folder in the form that both read alike.
 *
 * @throws LeaError those of `eachRow`
 */
export async function delimitedPart(path: string, options: PartOptions): Promise<Part> {
  const { file } = options;
  const { delimiter, quote } = formatOf(path, file);
  const first = await firstRecord(path, file);
  if (!first) throw emptyFile(path);
  const written = file.header ?? first.cells;
  const header = written.map(columnName);
  const where = file.header ? `${path}, option "header"` : `${path} line ${first.line}`;
  const { gzip, encoding } = await storageOf(path, file.encoding);
  const { careful, mixed, repeats } = await looksOf(path, options, { where, header }, encoding);
  if (careful) await checkRows(path, options);
  if (file.header) await refuseFirst(path, options);
  const plain = !mixed && encoding === 'utf-8';
  const source = plain ? path : await rewritten(path, options);
  const columns = written.map((_, at) => ({ name: `c${at}`, type: 'VARCHAR' }));
  const mark = literal(quote ?? '');
  return {
    where,
    header,
    columns,
    from: `read_csv(${literal(escaped(source))}, auto_detect = false, strict_mode = true, comment = '',
      hive_partitioning = false, delim = ${literal(delimiter)}, quote = ${mark}, escape = ${mark}, header = ${file.header === undefined},
      skip = ${file.header ? 0 : first.line - 1}, compression = '${plain && gzip ? 'gzip' : 'none'}',
      columns = {${columns.map(({ name }) => `${name}: 'VARCHAR'`).join(', ')}})`,
    repeats,
    place: async (row) => `${path} line ${await lineOf(path, file, row)}`,
  };
}

/** Reads the rows of a file as our reader does, for the errors that it throws. @throws LeaError those of `eachRow` */
export async function checkRows(path: string, { file, choose, between }: PartOptions): Promise<void> {
  const pick = (header: readonly string[], where: string) =>
    Object.values(choose(header)).map((column) => findColumn(where, column, header));
  await eachRow(path, file, { choose: pick, take: () => {}, between });
}

/** Refuses a header line in a file whose columns are named by the option `header`. */
async function refuseFirst(path: string, { file, choose }: PartOptions): Promise<void> {
  const table: Table = { file: path, line: [], cells: {}, column: {} };
  let roles: string[] = [];
  const pick = (header: readonly string[], where: string) => {
    const chosen = choose(header);
    roles = Object.keys(chosen);
    return Object.values(chosen).map((column) => findColumn(where, column, header));
  };
  const take = (cells: string[], line: number) => {
    table.line.push(line);
    table.cells = Object.fromEntries(roles.map((role, at) => [role, [cells[at]!]]));
    return false;
  };
  await eachRow(path, file, { choose: pick, take });
  if (table.line.length > 0) refuseHeader(table);
}

async function firstRecord(path: string, file: FileOptions): Promise<{ cells: string[]; line: number } | undefined> {
  let first: { cells: string[]; line: number } | undefined;
  const place = (line: number, column?: number) =>
    `${path} line ${line}${column === undefined ? '' : `, column ${column + 1}`}`;
  await eachRecord(textOf(path, file.encoding), formatOf(path, file), place, (cells, line) => {
    first = { cells, line };
    return false;
  });
  return first;
}

async function lineOf(path: string, file: FileOptions, row: number): Promise<number> {
  let rows = 0;
  let found = 0;
  const take = (_: unknown, line: number) => {
    found = line;
    return rows++ < row;
  };
  await eachRow(path, file, { choose: (header) => [...header.keys()], take });
  return found;
}

async function rewritten(path: string, { file, folder, between }: PartOptions): Promise<string> {
  const copy = join(folder, `${randomUUID()}.csv`);
  await pipeline(async function* () {
    for await (const text of wholeEnds(textOf(path, file.encoding))) {
      between();
      yield text.replace(/\r\n?/g, '\n');
    }
  }, createWriteStream(copy));
  return copy;
}

/** The same text in pieces that do not end between CR and LF. */
async function* wholeEnds(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const piece of texts) {
    const text = held + piece;
    held = text.endsWith('\r') ? '\r' : '';
    yield held ? text.slice(0, -1) : text;
  }
  yield held;
}
