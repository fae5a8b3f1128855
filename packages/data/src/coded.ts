import { LeaError } from '@lea/core';
import { type CellOptions, checkedCells, textsOf } from './cells.ts';
import { idNotes } from './id-notes.ts';
import { indexOf, orderedIds, pinnedIndex, unknownId } from './ids.ts';
import type { Interactions } from './interactions.ts';
import { timeNotes } from './times.ts';

/** A column of ids or kinds, each distinct cell once. */
export interface CodedColumn {
  /** [distinct cells] their checked texts; cells that differ only in what is trimmed have equal texts. */
  texts: string[];
  /** [events] index into `texts` */
  codes: Int32Array;
}

/** Events in input order, with a code in place of every id. */
export interface CodedEvents {
  user: CodedColumn;
  item: CodedColumn;
  /** Absent if every event is a `click`. */
  kind?: CodedColumn;
  /** [events] finite numbers */
  time: Float64Array;
}

/**
 * Codes the cells of a column. Each distinct cell is checked once.
 *
 * @param where describes a row (and the column) in errors
 * @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD`
 */
export function codedColumn(
  cells: ArrayLike<unknown>,
  options: Partial<CellOptions>,
  where: (row: number) => string,
): CodedColumn {
  const check = checkedCells(options, where);
  const known = new Map<unknown, number>();
  const texts: string[] = [];
  const codes = Int32Array.from(cells, (cell, row) => {
    let code = known.get(cell);
    if (code === undefined) {
      code = texts.push(check(cell, row)) - 1;
      known.set(cell, code);
    }
    return code;
  });
  return { texts, codes };
}

/** How coded events become `Interactions`. */
export interface CodedOptions extends CellOptions {
  /** Raw ids of all items, in index order. Default: the items that occur, sorted. */
  readonly ids: readonly string[] | undefined;
}

/**
 * Orders ids and events.
 *
 * @param where describes an event in errors
 * @throws LeaError `E_ID_UNKNOWN`, `E_ID_DUPLICATE`, `E_KIND_MANY`
 */
export function interactionsOfCoded(
  { user, item, kind, time }: CodedEvents,
  { ids, ...cells }: CodedOptions,
  where: (event: number) => string,
): Interactions {
  const userIds = orderedIds(user.texts);
  const itemIds = ids ? textsOf(ids, cells, (at) => `ids[${at}]`) : orderedIds(item.texts);
  const kinds = kind ? [...new Set(kind.texts)].sort() : ['click'];
  if (kinds.length > 256) {
    throw new LeaError('E_KIND_MANY', 'There are more than 256 kinds of events.', {
      value: kinds.length,
      hint: 'Map the raw values to a few kinds, or choose another column.',
    });
  }
  const users = indices(user.texts, indexOf(userIds));
  const items = indices(item.texts, ids ? pinnedIndex(itemIds, 'item') : indexOf(itemIds));
  const named = kind && indices(kind.texts, indexOf(kinds));
  const order = orderOf(user.codes, users, userIds.length, time);
  const sorted = {
    user: new Int32Array(order.length),
    item: new Int32Array(order.length),
    time: new Float64Array(order.length),
    kind: new Uint8Array(order.length),
  };
  // Loops, because logs have millions of events.
  for (let at = 0; at < order.length; at++) {
    const event = order[at]!;
    const index = items[item.codes[event]!]!;
    if (index < 0) throw unknownId(where(event), item.texts[item.codes[event]!]!, itemIds);
    sorted.user[at] = users[user.codes[event]!]!;
    sorted.item[at] = index;
    sorted.time[at] = time[event]!;
    if (named) sorted.kind[at] = named[kind.codes[event]!]!;
  }
  const notes = [...idNotes('user', userIds), ...idNotes('item', itemIds), ...timeNotes(time)];
  return { userIds, itemIds, kinds, ...sorted, info: { notes } };
}

/** [distinct cells] the index of each text, -1 if it has none. */
function indices(texts: readonly string[], index: ReadonlyMap<string, number>): Int32Array {
  return Int32Array.from(texts, (text) => index.get(text) ?? -1);
}

/** The events sorted by user, then time; equal times keep their input order. Users are counted, so only times are compared. */
function orderOf(codes: Int32Array, users: Int32Array, count: number, time: Float64Array): Uint32Array {
  const ends = new Uint32Array(count + 1);
  for (const code of codes) ends[users[code]! + 1]!++;
  for (let user = 0; user < count; user++) ends[user + 1]! += ends[user]!;
  const order = new Uint32Array(codes.length);
  for (let event = 0; event < codes.length; event++) order[ends[users[codes[event]!]!]!++] = event;
  for (let user = 0, from = 0; user < count; from = ends[user++]!) sortByTime(order, from, ends[user]!, time);
  return order;
}

/** Users with more events are sorted by the engine's sort, which has a cost per call. */
const FEW = 50;

/** Sorts the events of a user, which are in input order, by time. */
function sortByTime(order: Uint32Array, from: number, to: number, time: Float64Array): void {
  if (to - from > FEW) {
    order.subarray(from, to).sort((a, b) => time[a]! - time[b]! || a - b);
    return;
  }
  for (let at = from + 1; at < to; at++) {
    const event = order[at]!;
    let free = at;
    for (; free > from && time[order[free - 1]!]! > time[event]!; free--) order[free] = order[free - 1]!;
    order[free] = event;
  }
}
