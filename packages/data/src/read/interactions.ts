import { LeaError, nearest, withDefaults } from '@lea/core';
import { type Interactions, interactionsOf } from '../interactions.ts';
import { longestSequences } from './nested.ts';
import { readTable, type Table } from './table.ts';

/** Which column holds what. */
export interface InteractionColumns {
  /** Default: `user_id` or `user`, whichever the file has. */
  user?: string;
  /** Default: `item_id` or `item`. */
  item?: string;
  /** Default: `timestamp` or `time` where the file has one; else the order of the lines is the order of the events. */
  time?: string;
  /** Default: `kind` where the file has one; else every event is a `click`. */
  kind?: string;
  /** Space-separated items before `item`, oldest first: then a row is a sequence. Default: `item_id_list` where the file has it. */
  history?: string;
}

export interface ReadInteractionsOptions {
  columns?: InteractionColumns;
  /** Default: comma for `.csv`, tab otherwise. */
  delimiter?: string;
  /** Column names of a file without a header line. */
  header?: readonly string[];
  /** Raw value -> kind, e.g. `{ view: 'click', transaction: 'purchase' }`. Default: the raw values are the kinds. */
  kinds?: Readonly<Record<string, string>>;
  /** The items and their order. Default: those that occur, see `Interactions.itemIds`. */
  ids?: readonly string[];
}

const candidates: Record<keyof InteractionColumns, readonly string[]> = {
  user: ['user_id', 'user'],
  item: ['item_id', 'item'],
  time: ['timestamp', 'time'],
  kind: ['kind'],
  history: ['item_id_list'],
};

/**
 * Reads events from CSV, TSV or RecBole `.inter` files, plain or gzipped.
 *
 * A row is one event, or (files with a history column, as UniSRec's `.inter`) a history with the item that follows it. Rows
 * of the latter sort are prefixes of one another: the longest one is the user's sequence.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_COLUMN_MISSING`, `E_ROW_BAD`, `E_TIME_BAD`, `E_KIND_UNKNOWN`,
 *   `E_ID_EMPTY`, `E_ID_UNKNOWN`, `E_SEQUENCE_CONFLICT`; each names file, line and value
 */
export async function readInteractions(path: string, options: ReadInteractionsOptions = {}): Promise<Interactions> {
  const { columns, delimiter, header, kinds, ids } = withDefaults<ReadInteractionsOptions>(
    'readInteractions',
    { columns: undefined, delimiter: undefined, header: undefined, kinds: undefined, ids: undefined },
    options,
  );
  const table = await readTable(path, { delimiter, header }, (names) => chooseColumns(names, columns ?? {}));
  for (const column of ['user', 'item']) checkFilled(table, column);

  if (table.cells.history) {
    const { user, item, row } = longestSequences(table);
    return interactionsOf({ user, item }, { ids, where: (e) => `${path} line ${table.line[row[e]!]}` });
  }
  const { user, item, time, kind } = table.cells as {
    user: string[];
    item: string[];
    time?: string[];
    kind?: string[];
  };
  return interactionsOf(
    {
      user,
      item,
      time: time?.map((text, row) => timeOf(table, row, text)),
      kind: kind?.map((text, row) => kindOf(table, row, text, kinds)),
    },
    { ids, where: (row) => `${path} line ${table.line[row]}` },
  );
}

function chooseColumns(header: readonly string[], given: InteractionColumns): Record<string, string> {
  const named = withDefaults<Record<string, string | undefined>>(
    'columns',
    Object.fromEntries(Object.keys(candidates).map((name) => [name, undefined])),
    given as Record<string, string>,
  );
  const chosen: Record<string, string> = {};
  for (const [name, guesses] of Object.entries(candidates)) {
    const required = name === 'user' || name === 'item';
    const column =
      named[name] ?? guesses.find((guess) => header.includes(guess)) ?? (required ? guesses[0] : undefined);
    if (column !== undefined) chosen[name] = column;
  }
  return chosen;
}

function checkFilled(table: Table, column: string): void {
  const row = table.cells[column]!.findIndex((id) => id.trim() === '');
  if (row < 0) return;
  throw new LeaError('E_ID_EMPTY', `${table.file} line ${table.line[row]}, column ${column}: the id is empty.`, {
    value: table.cells[column]![row],
    hint: 'Fill it in or drop the line.',
  });
}

function timeOf(table: Table, row: number, text: string): number {
  const time = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(time)) return time;
  throw new LeaError('E_TIME_BAD', `${table.file} line ${table.line[row]}, column time: not a finite number.`, {
    value: text,
    hint: 'Give times as numbers (seconds, milliseconds, or an order), or leave the column out to use the order of lines.',
  });
}

function kindOf(table: Table, row: number, text: string, kinds?: Readonly<Record<string, string>>): string {
  if (!kinds && text !== '') return text;
  if (kinds && Object.hasOwn(kinds, text)) return kinds[text]!;
  const near = nearest(text, Object.keys(kinds ?? {}));
  throw new LeaError('E_KIND_UNKNOWN', `${table.file} line ${table.line[row]}, column kind: unknown kind of event.`, {
    value: text,
    hint: `${near ? `The nearest known one is "${near}". ` : ''}Add it to the option "kinds", or drop the line.`,
  });
}
