import {
  checkPaths,
  custom,
  isObject,
  LeaError,
  nearest,
  type OptionsSchema,
  option,
  parseOptions,
  text,
} from '@lea/core';
import { type CellOptions, cellSchema, missingTest } from '../cells.ts';
import { type EventColumns, type Interactions, interactionsOf } from '../interactions.ts';
import { candidates, isHeader, type Role, unreadColumns } from './columns.ts';
import { longestSequences } from './nested.ts';
import { type FileOptions, fileSchema, placeIn, readTable, repeatedHeader, type Table } from './table.ts';

/** Names of the columns, case-insensitive. */
export interface InteractionColumns {
  /** Column of user ids. Default: `user_id` or `user`, whichever the file has. */
  user?: string;
  /** Column of item ids. Default: `item_id` or `item`. */
  item?: string;
  /**
   * Column of times: numbers, or ISO dates, which become milliseconds since 1970 (UTC if they have no time zone). Default:
   * `timestamp` or `time` if the file has one; otherwise events are in the order of the lines.
   */
  time?: string;
  /** Column of kinds of events. Default: `kind` if the file has it; otherwise every event is a `click`. */
  kind?: string;
  /**
   * Column with the list of items before `item`, oldest first; each row is then a sequence. Default: `item_id_list` if the
   * file has it.
   */
  history?: string;
}

/** Options of `readInteractions`. */
export interface ReadInteractionsOptions extends FileOptions, CellOptions {
  /** Names of the columns to read. Default: the common names listed at `InteractionColumns`. */
  readonly columns: InteractionColumns;
  /**
   * Raw value -> kind, for example `{ view: 'click', transaction: 'purchase' }`. `null` drops the events with a
   * value. Default: the raw values are the kinds.
   */
  readonly kinds: Readonly<Record<string, string | null>> | undefined;
  /** Raw ids of all items, in index order. Default: the items that occur, see `Interactions.itemIds`. */
  readonly ids: readonly string[] | undefined;
  /** Separator between the items of a history. Default: spaces, and also commas in a list in brackets. */
  readonly separator: string | undefined;
}

const column = option(text, undefined);
const columnSchema: OptionsSchema<InteractionColumns> = {
  user: column,
  item: column,
  time: column,
  kind: column,
  history: column,
};

const isKinds = (given: unknown): boolean =>
  isObject(given) && Object.values(given).every((kind) => kind === null || typeof kind === 'string');
const isSeparator = (given: unknown): boolean => typeof given === 'string' && given !== '';

/** Defaults and checks of {@link ReadInteractionsOptions}. */
export const readInteractionsSchema: OptionsSchema<ReadInteractionsOptions> = {
  ...fileSchema,
  ...cellSchema,
  columns: option(custom<InteractionColumns>(isObject, 'must be an object.'), {}),
  kinds: option(custom(isKinds, 'must be an object whose values are strings or null.'), undefined),
  ids: option(custom<readonly string[]>(Array.isArray, 'must be a list of ids.'), undefined),
  separator: option(custom<string>(isSeparator, 'must have at least one character.'), undefined),
};

/**
 * Reads events from CSV, TSV or RecBole `.inter` files, plain or gzipped.
 *
 * A row is one event or, in files with a history column such as UniSRec's `.inter`, a history and the item that follows it.
 * A user's histories are prefixes of one another, and the longest is the user's sequence.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`,
 *   `E_COLUMN_DUPLICATE`, `E_ROW_BAD`, `E_RECORD_LARGE`, `E_CELL_MISSING`, `E_CELL_BAD`, `E_LIST_BAD`, `E_TIME_BAD`,
 *   `E_TIME_MIXED`, `E_KIND_UNKNOWN`, `E_ID_UNKNOWN`, `E_SEQUENCE_CONFLICT`, `E_DATA_EMPTY` (all events are dropped); every
 *   error names file, line and value
 */
export async function readInteractions(
  path: string,
  options?: Partial<ReadInteractionsOptions>,
): Promise<Interactions> {
  checkPaths('readInteractions', { path });
  const o = parseOptions('readInteractions', readInteractionsSchema, options);
  const { columns: named, kinds, ids, missing, separator, ...file } = o;
  const columns = parseOptions('columns', columnSchema, named);
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
  named: InteractionColumns,
  withKinds: boolean,
): Record<string, string> {
  const names = new Set(header.map((name) => name.toLowerCase()));
  const chosen: Record<string, string> = {};
  for (const [role, guesses] of Object.entries(candidates) as [Role, readonly string[]][]) {
    const required = role === 'user' || role === 'item' || (role === 'kind' && withKinds);
    const column = named[role] ?? guesses.find((guess) => names.has(guess)) ?? (required ? guesses[0] : undefined);
    if (column !== undefined) chosen[role] = column;
  }
  return chosen;
}

/** If the option `header` names the columns, the first line must not be a header as well. */
function refuseHeader({ file, line, cells }: Table): void {
  const first = Object.entries(cells).map(([role, column]) => [role as Role, column[0]!] as const);
  if (isHeader(first)) throw repeatedHeader(file, line[0]!, Object.fromEntries(first));
}

/** Time and kind columns of a file of histories cannot be used: they would give one value for all events of a row. */
function unusedColumns({ file, column }: Table): string[] {
  return (['time', 'kind'] as const).flatMap((role) =>
    column[role] === undefined
      ? []
      : [`${file}: column ${JSON.stringify(column[role])} is not read: rows are histories of clicks without times.`],
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
    hint: `${near ? `Did you mean "${near}"? ` : ''}Add the kind to the option "kinds"; null drops its events.`,
  });
}
