import { LeaError } from '@lea/core';
import { isItemList } from '@lea/data';
import { COUNTED, type Counted } from './counts.ts';
import { type MemoryConfig, type MemoryState, stateOf } from './state.ts';
import { largest, type NeighborRow, type NeighborTable, rowOf, withRows } from './tables.ts';

/** A new event: `item` was chosen after `history`. */
export interface ObservedEvent {
  /** Indices of the items before it, oldest first, of any length. */
  readonly history: ArrayLike<number>;
  /** Index of the chosen item. */
  readonly item: number;
}

type Additions = Map<number, Map<number, number>>;

/**
 * The state after more events, which are counted like rows of the log. Counts are exact as long as a row has at most
 * `neighbors` neighbors; beyond that, a new neighbor replaces the rarest one only if these events alone count it more often.
 *
 * @throws LeaError `E_ITEM_RANGE`, `E_HISTORY` (both name the event), before anything is counted
 */
export function observed(
  { items, horizon, neighbors }: MemoryConfig,
  state: MemoryState,
  events: readonly ObservedEvent[],
): MemoryState {
  if (!Array.isArray(events)) {
    throw new LeaError('E_HISTORY', 'observe: events must be an array.', { value: events });
  }
  for (const [i, { history, item }] of events.entries()) {
    if (!isItemList(history)) {
      throw new LeaError('E_HISTORY', `observe: the history of event ${i} must be an array of items.`, {
        value: history,
      });
    }
    for (const one of [item, ...Array.from(history)]) {
      if (Number.isInteger(one) && one >= 0 && one < items) continue;
      throw new LeaError('E_ITEM_RANGE', `observe: items of event ${i} must be in 0..${items - 1}.`, {
        value: one,
        hint: 'Events contain item indices; for raw ids use observe of a policy. For new items, build a new memory.',
      });
    }
  }
  const chosen = state.chosen.slice();
  const additions: Record<Counted, Additions> = { forward: new Map(), backward: new Map(), direct: new Map() };
  for (const { history, item } of events) {
    chosen[item]! += 1;
    const reach = Math.min(horizon, history.length);
    for (let distance = 1; distance <= reach; distance++) {
      const before = history[history.length - distance]!;
      add(additions.forward, before, item, 1 / distance);
      add(additions.backward, item, before, 1 / distance);
      if (distance === 1) add(additions.direct, before, item, 1);
    }
  }
  const most = neighbors ?? Infinity;
  const grown = COUNTED.map((component) => [component, withAdded(state.tables[component], additions[component], most)]);
  return stateOf(chosen, { ...state.tables, ...Object.fromEntries(grown) });
}

function withAdded(table: NeighborTable, additions: Additions, most: number): NeighborTable {
  const sums = table.sums.slice();
  const rows = new Map<number, NeighborRow>();
  for (const [x, added] of additions) {
    const row = rowOf(table, x);
    const all = new Map(Array.from(row.columns, (column, i) => [column, row.values[i]!]));
    for (const [column, value] of added) {
      all.set(column, (all.get(column) ?? 0) + value);
      sums[x]! += value;
    }
    const sorted = [...all].sort(([a], [b]) => a - b);
    const columns = sorted.map(([column]) => column);
    const values = sorted.map(([, value]) => value);
    rows.set(x, largest(columns, values, most));
  }
  return withRows(table, rows, sums);
}

function add(to: Additions, x: number, y: number, value: number): void {
  const row = to.get(x) ?? new Map<number, number>();
  to.set(x, row.set(y, (row.get(y) ?? 0) + value));
}
