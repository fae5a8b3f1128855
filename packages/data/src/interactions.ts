import { contentHash, LeaError } from '@lea/core';
import { indexOf, orderedIds, pinnedIndex, unknownId } from './ids.ts';

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
  /** In the unit of the source; the order of arrival where the source has no time. */
  time: Float64Array;
  kind: Uint8Array;
}

/** One event per index, raw. */
export interface EventColumns {
  user: ArrayLike<string>;
  item: ArrayLike<string>;
  /** Finite numbers. Default: order of arrival. */
  time?: ArrayLike<number>;
  /** Default: every event is a `click`. */
  kind?: ArrayLike<string>;
}

export interface IdOptions {
  /** The items and their order, when they are to be more than those that occur, or ordered otherwise. */
  ids?: readonly string[];
  /** Names an event in errors, e.g. `events.csv line 7`. Default: `event 7`. */
  where?: (event: number) => string;
}

/**
 * Events of any order to `Interactions`.
 *
 * @throws LeaError `E_DATA_EMPTY`, `E_TIME_BAD`, `E_ID_UNKNOWN` (an item outside `ids`), `E_ID_DUPLICATE`, `E_KIND_MANY` (over 256)
 */
export function interactionsOf(events: EventColumns, options: IdOptions = {}): Interactions {
  const where = options.where ?? ((event: number) => `event ${event}`);
  const count = events.user.length;
  if (count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'There is not one event.', { hint: 'Give at least one user and item.' });
  }
  const time = Float64Array.from(events.time ?? { length: count }, (t, i) => (events.time ? t : i));
  const bad = time.findIndex((t) => !Number.isFinite(t));
  if (bad >= 0) {
    throw new LeaError('E_TIME_BAD', `${where(bad)}: the time is not a finite number.`, {
      value: events.time![bad],
      hint: 'Give times as numbers (seconds, milliseconds, or an order).',
    });
  }

  const userIds = orderedIds(Array.from(events.user));
  const users = indexOf(userIds);
  const itemIds = options.ids ? [...options.ids] : orderedIds(Array.from(events.item));
  const items = options.ids ? pinnedIndex(itemIds, 'item') : indexOf(itemIds);
  const kinds = events.kind ? [...new Set(Array.from(events.kind))].sort() : ['click'];
  if (kinds.length > 256) {
    throw new LeaError('E_KIND_MANY', 'More than 256 kinds of events.', {
      value: kinds.length,
      hint: 'Map the raw values to a few kinds, or choose another column.',
    });
  }
  const kindIndex = indexOf(kinds);

  const user = Int32Array.from({ length: count }, (_, i) => users.get(events.user[i]!)!);
  const order = orderOf(user, time);
  const item = Int32Array.from(order, (i) => {
    const index = items.get(events.item[i]!);
    if (index === undefined) throw unknownId(where(i), events.item[i]!, itemIds);
    return index;
  });
  return {
    userIds,
    itemIds,
    kinds,
    user: user.map((_, i) => user[order[i]!]!),
    item,
    time: time.map((_, i) => time[order[i]!]!),
    kind: Uint8Array.from(order, (i) => (events.kind ? kindIndex.get(events.kind[i]!)! : 0)),
  };
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
