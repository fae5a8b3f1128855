import { LeaError, nearest, withDefaults } from '@lea/core';
import { type CellOptions, missingTest, missingWords } from '../cells.ts';
import { type EventColumns, type Interactions, interactionsOf } from '../interactions.ts';
import { candidates, isHeader, type Role, unreadColumns } from './columns.ts';
import { longestSequences } from './nested.ts';
import { type FileOptions, fileDefaults, placeIn, readTable, repeatedHeader, type Table } from './table.ts';

/** Which column holds what. The case of names does not matter. */
export interface InteractionColumns {
  /** Default: `user_id` or `user`, whichever the file has. */
  user?: string;
  /** Default: `item_id` or `item`. */
  item?: string;
  /**
   * Numbers, or ISO dates, which are read as milliseconds since 1970 (UTC where they have no time zone). Default: `timestamp` or
   * `time` where the file has one; else the order of the lines is the order of the events.
   */
  time?: string;
  /** Default: `kind` where the file has one; else every event is a `click`. */
  kind?: string;
  /** List of the items before `item`, oldest first: then a row is a sequence. Default: `item_id_list` where the file has it. */
  history?: string;
}

export interface ReadInteractionsOptions extends FileOptions, CellOptions {
  columns?: InteractionColumns;
  /**
   * Raw value -> kind, e.g. `{ view: 'click', transaction: 'purchase' }`. `null` drops the events of a value. Default: the raw
   * values are the kinds.
   */
  kinds?: Readonly<Record<string, string | null>>;
  /** The items and their order. Default: those that occur, see `Interactions.itemIds`. */
  ids?: readonly string[];
  /** Between the items of a history. Default: blanks; in brackets, which are read as well, also commas. */
  separator?: string;
}

const defaults: Required<ReadInteractionsOptions> = {
  ...fileDefaults,
  columns: {},
  kinds: undefined as never,
  ids: undefined as never,
  missing: missingWords,
  separator: undefined as never,
};

/**
 * Reads events from CSV, TSV or RecBole `.inter` files, plain or gzipped.
 *
 * A row is one event, or (files with a history column, as UniSRec's `.inter`) a history with the item that follows it. Rows
 * of the latter sort are prefixes of one another: the longest one is the user's sequence.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`, `E_ROW_BAD`,
 *   `E_RECORD_LARGE`, `E_CELL_MISSING`, `E_CELL_BAD`, `E_LIST_BAD`, `E_TIME_BAD`, `E_TIME_MIXED`, `E_KIND_UNKNOWN`,
 *   `E_ID_UNKNOWN`, `E_SEQUENCE_CONFLICT`, `E_DATA_EMPTY` where every event is dropped; each names file, line and value
 */
export async function readInteractions(path: string, options?: ReadInteractionsOptions): Promise<Interactions> {
  const { columns, kinds, ids, missing, separator, ...file } = withDefaults('readInteractions', defaults, options);
  if (separator === '') {
    throw new LeaError('E_OPTION_VALUE', 'A separator is at least one character.', { value: separator });
  }
  let header: readonly string[] = [];
  const table = await readTable(path, file, (names) => {
    header = names;
    return chooseColumns(names, columns, kinds !== undefined);
  });
  if (file.header) refuseHeader(table);
  const notes = unreadColumns(path, header, table.column, columns);
  const cells = { missing, trim: file.trim };

  let interactions: Interactions;
  if (table.cells.history) {
    const { user, item, row } = longestSequences(table, separator);
    notes.push(...unusedColumns(table));
    interactions = interactionsOf(
      { user, item },
      { ...cells, ids, where: (event, column) => placeIn(table, row[event]!, column) },
    );
  } else {
    const { events, row } = eventsOf(table, kinds, missingTest(missing));
    notes.push(...droppedNotes(path, table.line.length - row.length, kinds));
    interactions = interactionsOf(events, {
      ...cells,
      ids,
      where: (event, column) => placeIn(table, row[event]!, column),
    });
  }
  return { ...interactions, info: { notes: [...notes, ...interactions.info.notes] } };
}

/** Rows whose kind is not dropped: event `e` comes from the table row `row[e]`. */
function eventsOf(
  table: Table,
  kinds: ReadInteractionsOptions['kinds'],
  isMissing: (text: string) => boolean,
): { events: EventColumns; row: number[] } {
  const { cells, line } = table;
  const kind = kinds ? cells.kind!.map((text, row) => kindOf(table, row, text, kinds, isMissing)) : cells.kind;
  const row = [...line.keys()].filter((at) => kind?.[at] !== null);
  const kept = <T>(column: readonly T[] | undefined) => column && row.map((at) => column[at]!);
  const time = kept(cells.time);
  const named = kept(kind as string[] | undefined);
  return {
    events: { user: kept(cells.user)!, item: kept(cells.item)!, ...(time && { time }), ...(named && { kind: named }) },
    row,
  };
}

function droppedNotes(path: string, count: number, kinds: ReadInteractionsOptions['kinds'] = {}): string[] {
  const dropped = Object.keys(kinds).filter((value) => kinds[value] === null);
  return count === 0 ? [] : [`${path}: ${count} of the events are dropped, as "kinds" says (${dropped.join(', ')}).`];
}

function chooseColumns(
  header: readonly string[],
  given: InteractionColumns,
  withKinds: boolean,
): Record<string, string> {
  const none = Object.fromEntries(Object.keys(candidates).map((role) => [role, undefined]));
  const named = withDefaults<InteractionColumns>('columns', none, given);
  const names = new Set(header.map((name) => name.toLowerCase()));
  const chosen: Record<string, string> = {};
  for (const [role, guesses] of Object.entries(candidates) as [Role, readonly string[]][]) {
    const required = role === 'user' || role === 'item' || (role === 'kind' && withKinds);
    const column = named[role] ?? guesses.find((guess) => names.has(guess)) ?? (required ? guesses[0] : undefined);
    if (column !== undefined) chosen[role] = column;
  }
  return chosen;
}

/** With the names given, the first line must not hold names too. */
function refuseHeader({ file, line, cells }: Table): void {
  const first = Object.entries(cells).map(([role, column]) => [role as Role, column[0]!] as const);
  if (isHeader(first)) throw repeatedHeader(file, line[0]!, Object.fromEntries(first));
}

/** A row that is a history has one time and one kind for all of its events. */
function unusedColumns({ file, column }: Table): string[] {
  return (['time', 'kind'] as const).flatMap((role) =>
    column[role] === undefined
      ? []
      : [
          `${file}: column ${JSON.stringify(column[role])} is not read: a row is a history, whose order counts, of clicks.`,
        ],
  );
}

function kindOf(
  table: Table,
  row: number,
  text: string,
  kinds: Readonly<Record<string, string | null>>,
  isMissing: (text: string) => boolean,
): string | null {
  if (Object.hasOwn(kinds, text)) return kinds[text]!;
  if (isMissing(text)) return text;
  const near = nearest(text, Object.keys(kinds));
  throw new LeaError('E_KIND_UNKNOWN', `${placeIn(table, row, 'kind')}: unknown kind of event.`, {
    value: text,
    hint: `${near ? `The nearest known one is "${near}". ` : ''}Add it to the option "kinds"; null drops its events.`,
  });
}
