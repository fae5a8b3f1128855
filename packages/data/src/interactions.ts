import { contentHash, LeaError, withDefaults } from '@lea/core';
import { type Cell, type CellOptions, missingWords, textsOf } from './cells.ts';
import { idNotes } from './id-notes.ts';
import { indexOf, orderedIds, pinnedIndex, unknownId } from './ids.ts';
import { timeNotes, timesOf } from './times.ts';

/** Events as columns, sorted by user, then time; events of equal time keep their order of arrival. */
export interface Interactions {
  /** Raw user ids; `user` points into them. Numeric order when all are integers, else string order. */
  userIds: string[];
  /** Raw item ids, ordered alike: "smaller item id first" means smaller index first. */
  itemIds: string[];
  /** Names of the kinds of events, sorted; `kind` points into them. */
  kinds: string[];
  user: Int32Array;
  item: Int32Array;
  /** In the unit of the source, milliseconds since 1970 of dates; the order of arrival where the source has no time. */
  time: Float64Array;
  kind: Uint8Array;
  info: InteractionsInfo;
}

/** How the events were read. */
export interface InteractionsInfo {
  /** What may not be as meant, one sentence each, to be shown to people: columns that were not read, ids that look alike. */
  notes: string[];
}

/** One event per index, raw; columns of equal length. */
export interface EventColumns {
  user: ArrayLike<Cell>;
  item: ArrayLike<Cell>;
  /**
   * Finite numbers, texts of decimal numbers, or ISO dates as texts: `2024-05-01T12:00:00Z`, `2024-05-01 12:00:00` (UTC). A date,
   * also a `Date`, counts in milliseconds since 1970. Default: order of arrival.
   */
  time?: ArrayLike<number | string | bigint | Date>;
  /** Default: every event is a `click`. */
  kind?: ArrayLike<Cell>;
}

export interface IdOptions extends CellOptions {
  /** The items and their order, when they are to be more than those that occur, or ordered otherwise. */
  ids?: readonly string[];
  /** Names an event, or its cell of a column (`user`, `item`, `time`, `kind`), in errors. Default: `event 7, column user`. */
  where?: (event: number, column?: keyof EventColumns) => string;
}

/**
 * Events of any order to `Interactions`.
 *
 * @throws LeaError `E_DATA_EMPTY`, `E_COLUMN_MISSING`, `E_COLUMN_LENGTH` (columns of unequal length), `E_CELL_MISSING`, `E_CELL_BAD`,
 *   `E_TIME_BAD`, `E_TIME_MIXED` (numbers and dates in one column), `E_ID_UNKNOWN` (an item outside `ids`), `E_ID_DUPLICATE`, `E_KIND_MANY` (over 256)
 */
export function interactionsOf(events: EventColumns, options?: IdOptions): Interactions {
  const { ids, where, missing, trim } = withDefaults<Required<IdOptions>>('interactionsOf', defaults, options);
  const count = commonLength(events);
  if (count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'There is not one event.', { hint: 'Give at least one user and item.' });
  }
  const cellsOf = (column: 'user' | 'item' | 'kind') =>
    textsOf(events[column]!, { missing, trim }, (event) => where(event, column));
  const [rawUser, rawItem] = [cellsOf('user'), cellsOf('item')];
  const rawKind = events.kind && cellsOf('kind');
  const time = events.time
    ? timesOf(events.time, (event) => where(event, 'time'))
    : Float64Array.from({ length: count }, (_, event) => event);

  const userIds = orderedIds(rawUser);
  const users = indexOf(userIds);
  const itemIds = ids ? textsOf(ids, { missing, trim }, (item) => `ids[${item}]`) : orderedIds(rawItem);
  const items = ids ? pinnedIndex(itemIds, 'item') : indexOf(itemIds);
  const kinds = rawKind ? [...new Set(rawKind)].sort() : ['click'];
  if (kinds.length > 256) {
    throw new LeaError('E_KIND_MANY', 'More than 256 kinds of events.', {
      value: kinds.length,
      hint: 'Map the raw values to a few kinds, or choose another column.',
    });
  }
  const kindIndex = indexOf(kinds);

  const user = Int32Array.from(rawUser, (id) => users.get(id)!);
  const order = orderOf(user, time);
  const item = Int32Array.from(order, (i) => {
    const index = items.get(rawItem[i]!);
    if (index === undefined) throw unknownId(where(i), rawItem[i]!, itemIds);
    return index;
  });
  return {
    userIds,
    itemIds,
    kinds,
    user: user.map((_, i) => user[order[i]!]!),
    item,
    time: time.map((_, i) => time[order[i]!]!),
    kind: Uint8Array.from(order, (i) => (rawKind ? kindIndex.get(rawKind[i]!)! : 0)),
    info: { notes: [...idNotes('user', userIds), ...idNotes('item', itemIds), ...timeNotes(time)] },
  };
}

const defaults: Required<IdOptions> = {
  ids: undefined as never,
  where: (event, column) => (column === undefined ? `event ${event}` : `event ${event}, column ${column}`),
  missing: missingWords,
  trim: true,
};

/** The number of events: all columns have it. */
function commonLength(events: EventColumns): number {
  const names = (['user', 'item', 'time', 'kind'] as const).filter(
    (name) => name === 'user' || name === 'item' || events[name] !== undefined,
  );
  for (const name of names) {
    const column: unknown = events[name];
    if (typeof column === 'object' && Number.isInteger((column as ArrayLike<unknown> | null)?.length)) continue;
    throw new LeaError('E_COLUMN_MISSING', `The column ${name} must be an array.`, {
      value: column,
      hint: 'Give one entry per event.',
    });
  }
  const count = events.user.length;
  const other = names.find((name) => events[name]!.length !== count);
  if (other === undefined) return count;
  throw new LeaError('E_COLUMN_LENGTH', `The columns user and ${other} are of unequal length.`, {
    value: [count, events[other]!.length],
    hint: 'Give one entry per event in every column.',
  });
}

/** SHA-256, hex, over ids, kinds and every event: equal data, equal hash. */
export function dataHash(data: Interactions): string {
  return contentHash(
    'interactions',
    data.userIds,
    data.itemIds,
    data.kinds,
    data.user,
    data.item,
    data.time,
    data.kind,
  );
}

function orderOf(user: Int32Array, time: Float64Array): Uint32Array {
  const order = Uint32Array.from({ length: user.length }, (_, i) => i);
  return order.sort((a, b) => user[a]! - user[b]! || time[a]! - time[b]! || a - b);
}
