import type { DuckDBValue } from '@duckdb/node-api';
import { LeaError } from '@lea/core';
import type { Cell } from '../../cells.ts';
import { interactionsOfCoded } from '../../coded.ts';
import type { Interactions } from '../../interactions.ts';
import { interactionsOf } from '../../interactions-of.ts';
import { chooseColumns, type Role, unreadColumns } from '../columns.ts';
import { unusedColumns } from '../delimited.ts';
import { allDropped, droppedNotes } from '../kinds.ts';
import { longestSequences } from '../nested.ts';
import type { Reading, ReadingEvent } from '../options.ts';
import { emptyFile } from '../table.ts';
import { watched } from '../watched.ts';
import { Database, firstLine } from './database.ts';
import { distinctCells, textsOfCells } from './distinct.ts';
import { eventCodes } from './events.ts';
import { dropRows, mappedKinds } from './kinds.ts';
import { refuseOwnName } from './query.ts';
import { type InteractionSource, openSource, type SourceForm } from './source.ts';
import { located, type Staged, stage } from './stage.ts';

type Work<T> = AsyncGenerator<ReadingEvent, T, undefined>;

/**
 * Reads events with DuckDB. It codes ids and converts times, so that only distinct ids become strings of JavaScript; ids and
 * events are then checked and ordered by the same functions as those of other readers.
 */
export async function* readWithDuckdb(given: InteractionSource, form: SourceForm, o: Reading): Work<Interactions> {
  const left = new AbortController();
  const signal = o.signal ? AbortSignal.any([o.signal, left.signal]) : left.signal;
  const db = await Database.open(o.duckdb, signal);
  const options = {
    file: o.file,
    choose: (header: readonly string[]) => chooseColumns(header, o.columns, o.kinds !== undefined),
    folder: db.folder,
    between: () => signal.throwIfAborted(),
  };
  const opening = openSource(db, given, form, options);
  try {
    const source = yield* watched(opening, () => percent('read', 0));
    const staged = yield* counted('read', stage(db, source, options));
    if (staged.count === 0) throw typeof given === 'string' ? emptyFile(source.name) : noRows(given.sql);
    if (typeof given !== 'string') await refuseOwnName(db, given.sql, staged);
    const notes = unreadColumns(source.name, source.parts[0]!.header, staged.column, o.columns);
    const read = staged.column.history
      ? await fromHistories(db, staged, o)
      : yield* fromEvents(db, staged, o, source.name);
    if (staged.column.history) notes.push(...unusedColumns({ file: source.name, column: staged.column }));
    else notes.push(...droppedNotes(source.name, staged.count - read.rows, o.kinds));
    const { info } = read.interactions;
    return { ...read.interactions, info: { notes: [...notes, ...info.notes] } };
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof LeaError ? error : failed(error);
  } finally {
    left.abort();
    await opening.catch(() => {});
    await db.close();
  }
}

/** The interactions, and the number of rows that they come from. */
interface Read {
  readonly interactions: Interactions;
  readonly rows: number;
}

async function* fromEvents(db: Database, staged: Staged, o: Reading, name: string): Work<Read> {
  const cells = { missing: o.missing, trim: o.file.trim };
  const distinct = (role: Role) => counted('ids', distinctCells(db, staged, role));
  let kinds = staged.column.kind === undefined ? undefined : yield* distinct('kind');
  if (kinds && o.kinds) {
    const dropped = await dropRows(db, await mappedKinds(db, staged, kinds, o));
    if (dropped === staged.count) throw allDropped(name, dropped, o.kinds);
    if (dropped > 0) kinds = yield* distinct('kind');
    kinds = { ...kinds, cells: await mappedKinds(db, staged, kinds, o) };
  }
  const users = yield* distinct('user');
  const user = await textsOfCells(db, staged, users, cells);
  const items = yield* distinct('item');
  const item = await textsOfCells(db, staged, items, cells);
  const kind = kinds && (await textsOfCells(db, staged, kinds, cells));
  const events = yield* counted('events', eventCodes(db, staged), staged.count);
  const coded = {
    user: { texts: user, codes: events.user },
    item: { texts: item, codes: events.item },
    time: events.time,
    ...(events.reward && { reward: events.reward }),
    ...(kind && { kind: { texts: kind, codes: events.kind! } }),
  };
  const interactions = await located(staged, (where) =>
    interactionsOfCoded(coded, { ids: o.ids, ...cells }, (event) => where(events.row[event]!)),
  );
  return { interactions, rows: events.row.length };
}

/** Reads rows that are histories; there are few of them, and they become strings as in our reader. */
async function fromHistories(db: Database, staged: Staged, { ids, missing, separator, file }: Reading): Promise<Read> {
  const [users, items, lists] = await db.columns('select "user", item, history from rows order by rowid');
  const user = users!.map((cell) => staged.read(cell, 'user') as Cell);
  const item = items!.map((cell) => staged.read(cell, 'item') as Cell);
  const history = lists!.map((cell) => {
    const list = listIn(cell, staged.type.history!);
    return typeof list === 'string' ? (staged.read(list) as string) : list.map((cell) => staged.read(cell) as Cell);
  });
  const cells = { missing, trim: file.trim };
  const interactions = await located(staged, (where) => {
    const { row, ...events } = longestSequences({ user, item, history }, { separator, ...cells }, where);
    return interactionsOf(events, { ids, ...cells, where: (event, role) => where(row[event]!, role) });
  });
  return { interactions, rows: staged.count };
}

/** A history as a list of cells, or as a text with a list. A missing one is empty. */
function listIn(cell: DuckDBValue, type: string): string | readonly unknown[] {
  const parsed = (text: unknown): unknown => (text === null ? null : JSON.parse(text as string));
  if (cell instanceof Object && 'items' in cell) return type === 'JSON[]' ? cell.items.map(parsed) : cell.items;
  const list = type === 'JSON' ? parsed(cell) : cell;
  if (Array.isArray(list)) return list;
  return list === null || typeof list === 'string' ? (list ?? '') : [list];
}

/** Passes progress on as events, and stops the work when somebody leaves the loop over them. */
async function* counted<T>(
  stage: ReadingEvent['stage'],
  work: AsyncGenerator<number, T, undefined>,
  rows?: number,
): Work<T> {
  try {
    for (;;) {
      const { done, value } = await work.next();
      if (done) return value;
      yield rows === undefined ? percent(stage, value) : { stage, done: value, total: rows, unit: 'rows' };
    }
  } finally {
    await work.return(undefined as T);
  }
}

function percent(stage: ReadingEvent['stage'], done: number): ReadingEvent {
  return { stage, done, total: 100, unit: 'percent' };
}

function noRows(sql: string): LeaError {
  return new LeaError('E_DATA_EMPTY', 'The query gives no rows.', { value: sql, hint: 'Check its conditions.' });
}

function failed(cause: unknown): LeaError {
  return new LeaError('E_QUERY_FAILED', `DuckDB failed: ${firstLine(cause)}`, {
    hint: 'If memory or disk are short, set duckdb: { memory_limit, temp_directory }.',
    cause,
  });
}
