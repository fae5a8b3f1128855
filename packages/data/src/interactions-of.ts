import { checkObjects, type Given, LeaError, withDefaults } from '@lea/core';
import { type Cell, type CellOptions, missingWords } from './cells.ts';
import { codedColumn, interactionsOfCoded } from './coded.ts';
import type { Interactions } from './interactions.ts';
import { loggedRewards } from './logged-rewards.ts';
import { timesOf } from './times.ts';

/** Raw events as columns of equal length, one event per index. */
export interface EventColumns {
  /** [events] raw user ids */
  user: ArrayLike<Cell>;
  /** [events] raw item ids */
  item: ArrayLike<Cell>;
  /**
   * [events] finite numbers, decimal strings, or ISO dates: `2024-05-01T12:00:00Z`, `2024-05-01 12:00:00` (UTC). Dates, also
   * `Date`s, become milliseconds since 1970. Default: input order.
   */
  time?: ArrayLike<number | string | bigint | Date> | undefined;
  /** [events] kind of each event. Default: every event is a `click`. */
  kind?: ArrayLike<Cell> | undefined;
  /** [events] logged rewards: finite numbers or decimal strings. Default: none; rewards then depend on kinds. */
  reward?: ArrayLike<number | string | bigint> | undefined;
}

/** Options of `interactionsOf`. */
export interface IdOptions extends CellOptions {
  /** Raw ids of all items, in index order. Default: the items that occur, sorted. */
  readonly ids: readonly string[] | undefined;
  /** Describes an event (and a column) in errors. Default: `event 7, column user`. */
  readonly where: (event: number, column?: keyof EventColumns) => string;
}

/**
 * Makes `Interactions` of events in any order.
 *
 * @throws LeaError `E_DATA_EMPTY`, `E_COLUMN_MISSING`, `E_COLUMN_LENGTH` (columns of different lengths),
 *   `E_CELL_MISSING`, `E_CELL_BAD`, `E_TIME_BAD`, `E_TIME_MIXED` (numbers and dates in one column), `E_ID_UNKNOWN` (an item
 *   outside `ids`), `E_ID_DUPLICATE`, `E_KIND_MANY` (over 256), `E_REWARD_BAD`
 */
export function interactionsOf(events: EventColumns, options?: Given<IdOptions>): Interactions {
  checkObjects('interactionsOf', { events });
  const { ids, where, missing, trim } = withDefaults<IdOptions>('interactionsOf', defaults, options);
  const count = commonLength(events);
  if (count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'There are no events.', { hint: 'Give at least one user and item.' });
  }
  const coded = (column: 'user' | 'item' | 'kind') =>
    codedColumn(events[column]!, { missing, trim }, (event) => where(event, column));
  const [user, item] = [coded('user'), coded('item')];
  const kind = events.kind && coded('kind');
  const time = events.time
    ? timesOf(events.time, (event) => where(event, 'time'))
    : Float64Array.from({ length: count }, (_, event) => event);
  const reward = events.reward && loggedRewards(events.reward, (event) => where(event, 'reward'));
  return interactionsOfCoded(
    { user, item, time, ...(kind && { kind }), ...(reward && { reward }) },
    { ids, missing, trim },
    where,
  );
}

const defaults: IdOptions = {
  ids: undefined as never,
  where: (event, column) => (column === undefined ? `event ${event}` : `event ${event}, column ${column}`),
  missing: missingWords,
  trim: true,
};

/** The number of events, after checking that all columns have the same length. */
function commonLength(events: EventColumns): number {
  const names = (['user', 'item', 'time', 'kind', 'reward'] as const).filter(
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
  throw new LeaError('E_COLUMN_LENGTH', `The columns user and ${other} have different lengths.`, {
    value: [count, events[other]!.length],
    hint: 'Give one entry per event in every column.',
  });
}
