import { custom, type Given, LeaError, type OptionsSchema, option, parseOptions, show, text, whole } from '@lea/core';
import { type CellOptions, cellSchema, textsOf } from '../cells.ts';
import { trimmed } from '../trimmed.ts';
import { columnName, findColumn } from './columns.ts';
import { eachRecord, type RecordOptions } from './records.ts';
import { textOf } from './text.ts';

/** How a delimited file is read. */
export interface FileOptions {
  /** Delimiter between cells. Default: comma for `.csv` (and `.csv.gz`), tab for all other file names. */
  readonly delimiter: string | undefined;
  /** Names of the columns, for a file without header line. Default: the first line is the header. */
  readonly header: readonly string[] | undefined;
  /** Quote character, or `null` if quotes are ordinary characters. Default: `"`, and `null` for tab-separated files. */
  readonly quote: string | null | undefined;
  /**
   * A name of the Encoding Standard, such as `windows-1252`. A byte order mark in the file overrides it. Default:
   * `utf-8`.
   */
  readonly encoding: string;
  /** Whether to remove whitespace and invisible characters around cells. Default: true. */
  readonly trim: boolean;
  /** Maximum number of characters of a record; larger records are refused before they fill the memory. Default: 2^24. */
  readonly maxRecordSize: number;
}

const isMark = (given: unknown): boolean => typeof given === 'string' && given !== '' && !/[\r\n]/.test(given);
const isQuote = (given: unknown): boolean => given === null || (isMark(given) && (given as string).length === 1);
const isHeaderList = (given: unknown): boolean =>
  Array.isArray(given) && given.length > 0 && given.every((name) => typeof name === 'string');
const QUOTE = 'must be null, or one character that is not part of the delimiter.';

/** Defaults and checks of {@link FileOptions}. */
export const fileSchema: OptionsSchema<FileOptions> = {
  delimiter: option(custom<string>(isMark, 'must be one or more characters other than line breaks.'), undefined),
  header: option(custom<readonly string[]>(isHeaderList, 'must be a list of at least one column name.'), undefined),
  quote: option(custom<string | null>(isQuote, QUOTE), undefined),
  encoding: option(text, 'utf-8'),
  trim: cellSchema.trim,
  maxRecordSize: option(whole(1), 2 ** 24),
};

/** The selected columns of a delimited file. */
export interface Table {
  file: string;
  /** Line number of each row, from 1. */
  line: number[];
  /** Logical name -> cells. */
  cells: Record<string, string[]>;
  /** Logical name -> name in the header. */
  column: Record<string, string>;
}

/** How the records of a delimited file are read, and given to `take`. */
export interface RowReading {
  /** Given the header and its place for errors, returns the positions of the columns to read. */
  choose: (header: readonly string[], where: string) => readonly number[];
  /** Gets the chosen cells of a row and its line number, from 1; returns false to stop. */
  take: (cells: string[], line: number) => unknown;
  /** Called between two pieces of the file; an error that it throws stops the reading. */
  between?: (() => void) | undefined;
}

/**
 * Reads the rows of a delimited file, plain or gzipped, one after another.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`, `E_ROW_BAD`,
 *   `E_RECORD_LARGE`, `E_OPTION_VALUE`
 */
export async function eachRow(
  path: string,
  options: FileOptions,
  { choose, take, between }: RowReading,
): Promise<void> {
  const { header: given, encoding, trim } = options;
  const format = formatOf(path, options);
  let header: readonly string[] | undefined;
  let written: readonly string[] = [];
  let picks: readonly number[] = [];

  const start = (cells: readonly string[], where: string): void => {
    written = cells.map(trimmed);
    const names = written.map(columnName);
    header = names;
    picks = choose(names, where);
  };
  const row = (record: string[], line: number): unknown => {
    if (!header) {
      start(record, `${path} line ${line}`);
      return;
    }
    if (record.length !== header.length) {
      throw new LeaError(
        'E_ROW_BAD',
        `${path} line ${line}: expected ${header.length} columns, got ${record.length}.`,
        {
          value: record,
          hint: 'Correct the line, or set the option "delimiter".',
        },
      );
    }
    if (picks.every((at) => trimmed(record[at]!) === written[at])) throw repeatedHeader(path, line, record);
    return take(
      picks.map((at) => (trim ? trimmed(record[at]!) : record[at]!)),
      line,
    );
  };

  if (given) start(given, `${path}, option "header"`);
  const place = (line: number, column?: number) =>
    `${path} line ${line}${column === undefined ? '' : `, column ${header?.[column] ?? column + 1}`}`;
  const texts = textOf(path, encoding);
  await eachRecord(between ? interrupted(texts, between) : texts, format, place, row);
}

async function* interrupted(texts: AsyncIterable<string>, between: () => void): AsyncGenerator<string> {
  for await (const text of texts) {
    between();
    yield text;
  }
}

/** The delimiter, the quote and the largest record of a file. @throws LeaError `E_OPTION_VALUE` */
export function formatOf(path: string, { delimiter: given, quote: mark, maxRecordSize }: FileOptions): RecordOptions {
  const delimiter = given ?? delimiterOf(path);
  const quote = mark === undefined ? (delimiter === '\t' ? null : '"') : mark;
  if (quote !== null && delimiter.includes(quote)) {
    throw new LeaError('E_OPTION_VALUE', `quote ${QUOTE}`, { value: quote });
  }
  return { delimiter, quote, maxRecordSize };
}

/** The error for a file without rows. */
export function emptyFile(path: string): LeaError {
  return new LeaError('E_FILE_EMPTY', 'The file has no rows.', {
    value: path,
    hint: 'Check that it was written or downloaded completely.',
  });
}

/**
 * Reads a delimited file, plain or gzipped. In tab-separated files quotes are ordinary characters by default, because titles
 * there contain inch marks. Types in a RecBole header (`item_id:token`) are removed.
 *
 * @param choose given the header, returns logical name -> column name (case-insensitive)
 * @param between called between two pieces of the file with the rows so far; an error that it throws stops the reading
 * @throws LeaError those of `eachRow`, `E_FILE_EMPTY`
 */
export async function readTable(
  path: string,
  options: Given<FileOptions>,
  choose: (header: readonly string[]) => Record<string, string>,
  between?: (rows: number) => void,
): Promise<Table> {
  const table: Table = { file: path, line: [], cells: {}, column: {} };
  const columns: string[][] = [];
  await eachRow(path, parseOptions('readTable', fileSchema, options), {
    choose: (header, where) =>
      Object.entries(choose(header)).map(([name, column]) => {
        const at = findColumn(where, column, header, name === 'id' ? 'id' : 'columns');
        table.column[name] = header[at]!;
        const cells: string[] = [];
        table.cells[name] = cells;
        columns.push(cells);
        return at;
      }),
    take: (cells, line) => {
      table.line.push(line);
      for (const [at, cell] of cells.entries()) columns[at]!.push(cell);
    },
    between: between && (() => between(table.line.length)),
  });
  if (table.line.length === 0) throw emptyFile(path);
  return table;
}

/** Describes the line of a row, and the column with this logical name, for errors. */
export function placeIn({ file, line, column }: Table, row: number, name?: string): string {
  return `${file} line ${line[row]}${name === undefined ? '' : `, column ${column[name]}`}`;
}

/** The checked ids of a column. */
export function idsOf(table: Table, name: string, options: Given<CellOptions> = {}): string[] {
  return textsOf(table.cells[name]!, options, (row) => placeIn(table, row, name));
}

/**
 * A map from one column to another.
 *
 * @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD`, `E_ID_DUPLICATE` for a key with two different values
 */
export function mapOf(table: Table, key: string, value: string): Map<string, string> {
  const map = new Map<string, string>();
  idsOf(table, key).forEach((id, row) => {
    const cell = table.cells[value]![row]!;
    if ((map.get(id) ?? cell) !== cell) {
      throw new LeaError(
        'E_ID_DUPLICATE',
        `${placeIn(table, row, value)}: ${show(id)} has a second, different value.`,
        {
          value: cell,
          hint: 'Keep one line per id.',
        },
      );
    }
    map.set(id, cell);
  });
  return map;
}

/** The error for a header line where a data row is expected. */
export function repeatedHeader(path: string, line: number, value: unknown): LeaError {
  return new LeaError('E_ROW_BAD', `${path} line ${line}: expected a data row, got a header line.`, {
    value,
    hint: line === 1 ? 'Remove the line, or the option "header" if you set it.' : 'Remove the line.',
  });
}

function delimiterOf(path: string): string {
  return /\.csv(\.gz)?$/i.test(path) ? ',' : '\t';
}
