import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { LeaError, nearest } from '@lea/core';
import { parse } from 'csv-parse';

export interface TableOptions {
  /** Default: comma for `.csv`, tab for every other ending (`.gz` aside). */
  delimiter?: string;
  /** Names of the columns of a file that has no header line. Default: the first line holds them. */
  header?: readonly string[];
}

/** Chosen columns of a delimited file. */
export interface Table {
  file: string;
  /** Line of each row, from 1. */
  line: number[];
  /** Logical name -> cells. */
  cells: Record<string, string[]>;
}

/**
 * Reads a delimited file, gunzipping by the ending `.gz`. Quotes mean something in comma-separated files only: titles
 * in tab-separated ones hold inch marks. A typed header as RecBole writes it (`item_id:token`) loses its types.
 *
 * @param choose logical name -> column name, given the header
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_COLUMN_MISSING`, `E_ROW_BAD`
 */
export async function readTable(
  path: string,
  options: TableOptions,
  choose: (header: readonly string[]) => Record<string, string>,
): Promise<Table> {
  const table: Table = { file: path, line: [], cells: {} };
  let width = 0;
  let picks: { at: number; cells: string[] }[] | undefined;

  const start = (header: readonly string[]): void => {
    width = header.length;
    picks = Object.entries(choose(header)).map(([name, column]) => {
      const at = header.indexOf(column);
      if (at < 0) throw missingColumn(path, column, header);
      table.cells[name] = [];
      return { at, cells: table.cells[name] };
    });
  };
  const row = (record: string[], line: number): void => {
    if (!picks) {
      start(record.map((name) => name.trim().replace(/:(token|float)(_seq)?$/, '')));
      return;
    }
    if (record.length !== width) {
      throw new LeaError('E_ROW_BAD', `${path} line ${line}: ${record.length} columns where ${width} are expected.`, {
        value: record,
        hint: 'Correct the line, or give the delimiter.',
      });
    }
    table.line.push(line);
    for (const pick of picks) pick.cells.push(record[pick.at]!);
  };

  if (options.header) start(options.header);
  await eachRecord(path, options.delimiter ?? delimiterOf(path), row);
  if (table.line.length === 0) {
    throw new LeaError('E_FILE_EMPTY', 'The file holds no rows.', {
      value: path,
      hint: 'Check that it was written or downloaded whole.',
    });
  }
  return table;
}

/** The error for a column that a file does not have. */
export function missingColumn(file: string, column: string, header: readonly string[]): LeaError {
  const near = nearest(column, header);
  return new LeaError('E_COLUMN_MISSING', `${file} line 1: there is no such column.`, {
    value: column,
    hint: `${near ? `The nearest is "${near}". ` : ''}Columns are: ${header.join(', ')}.`,
  });
}

function delimiterOf(path: string): string {
  return /\.csv(\.gz)?$/i.test(path) ? ',' : '\t';
}

async function eachRecord(path: string, delimiter: string, row: (record: string[], line: number) => void) {
  const parser = parse({
    delimiter,
    bom: true,
    quote: delimiter === '\t' ? false : '"',
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (record: string[], context) => {
      row(record, context.lines);
      return null;
    },
  });
  parser.resume();
  const source: Readable = createReadStream(path);
  try {
    await (path.endsWith('.gz') ? pipeline(source, createGunzip(), parser) : pipeline(source, parser));
  } catch (cause) {
    throw cause instanceof LeaError ? cause : readError(path, cause);
  }
}

function readError(path: string, cause: unknown): LeaError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new LeaError('E_FILE_MISSING', 'There is no such file.', { value: path, hint: 'Check the path.', cause });
  }
  if (code?.startsWith('CSV_')) {
    return new LeaError('E_ROW_BAD', `${path}: ${message}.`, {
      hint: 'Correct the line, or give the delimiter.',
      cause,
    });
  }
  return new LeaError('E_FILE_READ', `Cannot read a file (${code ?? message}).`, {
    value: path,
    hint: 'Check that it may be read and, when it ends in .gz, that it is whole.',
    cause,
  });
}
