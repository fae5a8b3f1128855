import {
  abortSignal,
  custom,
  type Given,
  isObject,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  type Progress,
  parseOptions,
  text,
} from '@lea/core';
import { type CellOptions, cellSchema, idTexts } from '../cells.ts';
import type { Kinds } from './kinds.ts';
import { type FileOptions, fileSchema } from './table.ts';

/** Names of the columns, case-insensitive. */
export interface InteractionColumns {
  /** Column of user ids. Default: `user_id` or `user`, whichever the file has. */
  user?: string | undefined;
  /** Column of item ids. Default: `item_id` or `item`. */
  item?: string | undefined;
  /**
   * Column of times: numbers, or ISO dates, which become milliseconds since 1970 (UTC if they have no time zone). Default:
   * `timestamp` or `time` if the file has one; otherwise, and with `null`, events are in the order of the lines.
   */
  time?: string | null | undefined;
  /** Column of kinds of events. Default: `kind` if the file has it; otherwise, and with `null`, every event is a `click`. */
  kind?: string | null | undefined;
  /**
   * Column of rewards, one number per event, such as a price or a rating: `rewards: 'logged'` learns from them. A file of
   * histories has none. Default: none.
   */
  reward?: string | undefined;
  /**
   * Column with the list of items before `item`, oldest first; each row is then a sequence. Default: `item_id_list` if the
   * file has it; with `null` it is not read.
   */
  history?: string | null | undefined;
}

/** Options of `readInteractions`. */
export interface ReadInteractionsOptions extends FileOptions, CellOptions {
  /**
   * Reader of delimited text: `js` reads one file into memory, `duckdb` takes large files and patterns such as `logs/*.csv`.
   * `js` needs no other package, `duckdb` needs `@duckdb/node-api`. Both give the same result. Default: `js` for
   * delimited text; Parquet, JSON and SQL always take `duckdb`.
   */
  readonly engine: 'js' | 'duckdb' | undefined;
  /**
   * Settings of DuckDB, such as `{ memory_limit: '4GB', threads: '2' }`. The engine `js` has none. A lower memory limit writes more to temporary files.
   * Default: DuckDB's own, with temporary files in a folder of the system that is removed at the end.
   */
  readonly duckdb: Readonly<Record<string, string>>;
  /** Names of the columns to read. Default: the common names listed at `InteractionColumns`. */
  readonly columns: InteractionColumns;
  /**
   * Raw value -> kind, for example `{ view: 'click', transaction: 'purchase' }`. `null` drops the events with a
   * value. Default: the raw values are the kinds.
   */
  readonly kinds: Kinds | undefined;
  /** Raw ids of all items, in index order. Default: the items that occur, see `Interactions.itemIds`. */
  readonly ids: readonly string[] | undefined;
  /**
   * Separator between the items of a history that is a text; columns of lists need none. Default: spaces, and also commas in a
   * list in brackets.
   */
  readonly separator: string | undefined;
  /** Aborts the reading; the task rejects with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

const column = option(text, undefined);
const isColumn = (given: unknown): boolean => given === null || typeof given === 'string';
const columnOrNone = option(custom<string | null>(isColumn, 'must be a string, or null for none.'), undefined);
const columnSchema: OptionsSchema<InteractionColumns> = {
  user: column,
  item: column,
  time: columnOrNone,
  kind: columnOrNone,
  reward: column,
  history: columnOrNone,
};

const isKinds = (given: unknown): boolean =>
  isObject(given) && Object.values(given).every((kind) => kind === null || typeof kind === 'string');
const isSettings = (given: unknown): boolean =>
  isObject(given) && Object.values(given).every((value) => typeof value === 'string');
const isSeparator = (given: unknown): boolean => typeof given === 'string' && given !== '';

/** Defaults and checks of {@link ReadInteractionsOptions}. */
export const readInteractionsSchema: OptionsSchema<ReadInteractionsOptions> = {
  engine: option(oneOf('js', 'duckdb'), undefined),
  duckdb: option(
    custom<Readonly<Record<string, string>>>(isSettings, 'must be an object whose values are strings.'),
    {},
  ),
  ...fileSchema,
  ...cellSchema,
  columns: option(custom<InteractionColumns>(isObject, 'must be an object.'), {}),
  kinds: option(custom(isKinds, 'must be an object whose values are strings or null.'), undefined),
  ids: option(idTexts, undefined),
  separator: option(custom<string>(isSeparator, 'must have at least one character.'), undefined),
  signal: option(abortSignal, undefined),
};

/** Progress of reading: of the source, then (with DuckDB) of the ids and the events. */
export type ReadingEvent = Progress<'read' | 'ids' | 'events', 'rows' | 'percent'>;

/** The checked options of a reading, those of the file apart. */
export interface Reading extends Omit<ReadInteractionsOptions, keyof FileOptions> {
  readonly file: FileOptions;
}

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function readingOf(options: Given<ReadInteractionsOptions> | undefined): Reading {
  const { delimiter, header, quote, encoding, trim, maxRecordSize, columns, ...rest } = parseOptions(
    'readInteractions',
    readInteractionsSchema,
    options,
  );
  const named = parseOptions('columns', columnSchema, columns);
  if (rest.kinds && named.kind === null) {
    throw new LeaError('E_OPTION_VALUE', 'The option "kinds" needs the column of kinds.', {
      value: named.kind,
      hint: 'Name it in columns: { kind }, or leave "kinds" out.',
    });
  }
  return {
    ...rest,
    columns: named,
    file: { delimiter, header, quote, encoding, trim, maxRecordSize },
  };
}
