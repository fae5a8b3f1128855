import { checkRanges, LeaError, show, withDefaults } from '@lea/core';
import { type CellOptions, textsOf } from '../cells.ts';
import { trimmed } from '../trimmed.ts';
import { columnName, findColumn } from './columns.ts';
import { eachRecord } from './records.ts';
import { textOf } from './text.ts';

/** How a delimited file is read. */
export interface FileOptions {
  /** Default: comma for `.csv`, tab for every other ending (`.gz` aside). */
  delimiter?: string;
  /** Names of the columns of a file that has no header line. Default: the first line holds them. */
  header?: readonly string[];
  /** The character around cells that hold delimiters or line ends; `null` where quotes mean nothing. Default: `"`, and `null` between tabs. */
  quote?: string | null;
  /** A name of the Encoding Standard, such as `windows-1252`. Default: `utf-8`. A byte order mark in the file is believed before it. */
  encoding?: string;
  /** Whether blanks and invisible characters around cells are dropped. Default: true. */
  trim?: boolean;
  /** Characters of the largest record; larger ones are refused before they fill the memory. Default: 2^24. */
  maxRecordSize?: number;
}

export const fileDefaults: Required<FileOptions> = {
  delimiter: undefined as never,
  header: undefined as never,
  quote: undefined as never,
  encoding: 'utf-8',
  trim: true,
  maxRecordSize: 2 ** 24,
};

/** Chosen columns of a delimited file. */
export interface Table {
  file: string;
  /** Line of each row, from 1. */
  line: number[];
  /** Logical name -> cells. */
  cells: Record<string, string[]>;
  /** Logical name -> name in the header. */
  column: Record<string, string>;
}

/**
 * Reads a delimited file, plain or gzipped. Quotes mean nothing in tab-separated files unless asked for: titles there hold inch
 * marks. A typed header as RecBole writes it (`item_id:token`) loses its types.
 *
 * @param choose logical name -> column name, given the header; its case does not matter
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`,
 *   `E_ROW_BAD`, `E_RECORD_LARGE`, `E_OPTION_VALUE`
 */
export async function readTable(
  path: string,
  options: FileOptions,
  choose: (header: readonly string[]) => Record<string, string>,
): Promise<Table> {
  const { header: given, encoding, trim, maxRecordSize, ...format } = withDefaults('readTable', fileDefaults, options);
  const delimiter = format.delimiter ?? delimiterOf(path);
  const quote = format.quote === undefined ? (delimiter === '\t' ? null : '"') : format.quote;
  checkFormat(delimiter, quote, given);
  checkRanges('readTable', { maxRecordSize }, { maxRecordSize: [1, Number.MAX_VALUE, 'whole'] });
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
        `${path} line ${line}: ${record.length} columns where ${header.length} are expected.`,
        {
          value: record,
          hint: 'Correct the line, or give the delimiter.',
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
    throw new LeaError('E_FILE_EMPTY', 'The file holds no rows.', {
      value: path,
      hint: 'Check that it was written or downloaded whole.',
    });
  }
  return table;
}

/** Names the line of a row, and the column of this logical name, in errors. */
export function placeIn({ file, line, column }: Table, row: number, name?: string): string {
  return `${file} line ${line[row]}${name === undefined ? '' : `, column ${column[name]}`}`;
}

/** The ids in a column, checked. */
export function idsOf(table: Table, name: string, options?: CellOptions): string[] {
  return textsOf(table.cells[name]!, options ?? {}, (row) => placeIn(table, row, name));
}

/**
 * One column to another.
 *
 * @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD`, `E_ID_DUPLICATE` for a key with two values
 */
export function mapOf(table: Table, key: string, value: string): Map<string, string> {
  const map = new Map<string, string>();
  idsOf(table, key).forEach((id, row) => {
    const cell = table.cells[value]![row]!;
    if ((map.get(id) ?? cell) !== cell) {
      throw new LeaError('E_ID_DUPLICATE', `${placeIn(table, row, value)}: a second value for ${show(id)}.`, {
        value: cell,
        hint: 'Keep one line for it.',
      });
    }
    map.set(id, cell);
  });
  return map;
}

/** The error for a line that holds the names of the columns where an event or a text should be. */
export function repeatedHeader(path: string, line: number, value: unknown): LeaError {
  return new LeaError('E_ROW_BAD', `${path} line ${line}: this is a header line, not a row.`, {
    value,
    hint: line === 1 ? 'Leave out the option "header".' : 'Drop the line.',
  });
}

function delimiterOf(path: string): string {
  return /\.csv(\.gz)?$/i.test(path) ? ',' : '\t';
}

function checkFormat(delimiter: unknown, quote: unknown, header: unknown): void {
  if (header !== undefined && !(Array.isArray(header) && header.every((name) => typeof name === 'string'))) {
    throw new LeaError('E_OPTION_VALUE', 'A header is a list of column names.', { value: header });
  }
  const isMark = (mark: unknown) => typeof mark === 'string' && mark !== '' && !/[\r\n]/.test(mark);
  if (!isMark(delimiter)) {
    throw new LeaError('E_OPTION_VALUE', 'A delimiter is one or more characters without line ends.', {
      value: delimiter,
    });
  }
  if (
    quote === null ||
    (isMark(quote) && (quote as string).length === 1 && !(delimiter as string).includes(quote as string))
  )
    return;
  throw new LeaError('E_OPTION_VALUE', 'A quote is one character that is not in the delimiter, or null.', {
    value: quote,
  });
}
