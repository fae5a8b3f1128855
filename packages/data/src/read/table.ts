import { custom, LeaError, type OptionsSchema, option, parseOptions, show, text, whole } from '@lea/core';
import { type CellOptions, cellSchema, texts, textsOf } from '../cells.ts';
import { trimmed } from '../trimmed.ts';
import { columnName, findColumn } from './columns.ts';
import { eachRecord } from './records.ts';
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
const QUOTE = 'must be null, or one character that is not part of the delimiter.';

/** Defaults and checks of {@link FileOptions}. */
export const fileSchema: OptionsSchema<FileOptions> = {
  delimiter: option(custom<string>(isMark, 'must be one or more characters other than line breaks.'), undefined),
  header: option(texts('must be a list of column names.'), undefined),
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

/**
 * Reads a delimited file, plain or gzipped. In tab-separated files quotes are ordinary characters by default, because titles
 * there contain inch marks. Types in a RecBole header (`item_id:token`) are removed.
 *
 * @param choose given the header, returns logical name -> column name (case-insensitive)
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`,
 *   `E_ROW_BAD`, `E_RECORD_LARGE`, `E_OPTION_VALUE`
 */
export async function readTable(
  path: string,
  options: Partial<FileOptions>,
  choose: (header: readonly string[]) => Record<string, string>,
): Promise<Table> {
  const { header: given, encoding, trim, maxRecordSize, ...format } = parseOptions('readTable', fileSchema, options);
  const delimiter = format.delimiter ?? delimiterOf(path);
  const quote = format.quote === undefined ? (delimiter === '\t' ? null : '"') : format.quote;
  if (quote !== null && delimiter.includes(quote)) {
    throw new LeaError('E_OPTION_VALUE', `quote ${QUOTE}`, { value: quote });
  }
  const table: Table = { file: path, line: [], cells: {}, column: {} };
  let header: readonly string[] | undefined;
  let written: readonly string[] = [];
  let picks: { at: number; cells: string[] }[] = [];

  const start = (cells: readonly string[], where: string): void => {
    written = cells.map(trimmed);
    const names = written.map(columnName);
    header = names;
    picks = Object.entries(choose(names)).map(([name, column]) => {
      const at = findColumn(where, column, names);
      table.column[name] = names[at]!;
      table.cells[name] = [];
      return { at, cells: table.cells[name] };
    });
  };
  const row = (record: string[], line: number): void => {
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
    if (picks.every(({ at }) => trimmed(record[at]!) === written[at])) throw repeatedHeader(path, line, record);
    table.line.push(line);
    for (const { at, cells } of picks) cells.push(trim ? trimmed(record[at]!) : record[at]!);
  };

  if (given) start(given, `${path}, option "header"`);
  const place = (line: number, column?: number) =>
    `${path} line ${line}${column === undefined ? '' : `, column ${header?.[column] ?? column + 1}`}`;
  await eachRecord(textOf(path, encoding), { delimiter, quote, maxRecordSize }, place, row);
  if (table.line.length === 0) {
    throw new LeaError('E_FILE_EMPTY', 'The file has no rows.', {
      value: path,
      hint: 'Check that it was written or downloaded completely.',
    });
  }
  return table;
}

/** Describes the line of a row, and the column with this logical name, for errors. */
export function placeIn({ file, line, column }: Table, row: number, name?: string): string {
  return `${file} line ${line[row]}${name === undefined ? '' : `, column ${column[name]}`}`;
}

/** The checked ids of a column. */
export function idsOf(table: Table, name: string, options: Partial<CellOptions> = {}): string[] {
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
    hint: line === 1 ? 'Remove the option "header".' : 'Remove the line.',
  });
}

function delimiterOf(path: string): string {
  return /\.csv(\.gz)?$/i.test(path) ? ',' : '\t';
}
