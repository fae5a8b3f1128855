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
  const unknown = items.indexOf(-1) < 0 ? -1 : item.codes.findIndex((code) => items[code]! < 0);
  if (unknown >= 0) throw unknownId(where(unknown), item.texts[item.codes[unknown]!]!, itemIds);
  const sorted = {
    user: new Int32Array(time.length),
    item: new Int32Array(time.length),
    time: new Float64Array(time.length),
    kind: new Uint8Array(time.length),
  };
  const ends = offsetsOf(users, user.codes, userIds.length);
  // Every event goes to the next place of its user, which is cheaper than to sort all events.
  for (let event = 0; event < time.length; event++) {
    const at = ends[users[user.codes[event]!]!]!++;
    sorted.item[at] = items[item.codes[event]!]!;
    sorted.time[at] = time[event]!;
    if (named) sorted.kind[at] = named[kind.codes[event]!]!;
  }
  for (let at = 0, from = 0; at < userIds.length; from = ends[at++]!) {
    sorted.user.fill(at, from, ends[at]!);
    const sort = ends[at]! - from > FEW ? sortMany : sortFew;
    sort(sorted, from, ends[at]!);
  }
  const notes = [...idNotes('user', userIds), ...idNotes('item', itemIds), ...timeNotes(time)];
  return { userIds, itemIds, kinds, ...sorted, info: { notes } };
}

/** [distinct cells] the index of each text, -1 if it has none. */
function indices(texts: readonly string[], index: ReadonlyMap<string, number>): Int32Array {
  return Int32Array.from(texts, (text) => index.get(text) ?? -1);
}

/** [users + 1] where the events of each user begin. */
function offsetsOf(users: Int32Array, codes: Int32Array, count: number): Uint32Array {
  const offsets = new Uint32Array(count + 1);
  for (const code of codes) offsets[users[code]! + 1]!++;
  for (let user = 0; user < count; user++) offsets[user + 1]! += offsets[user]!;
  return offsets;
}

/** Columns of events that are sorted. */
type Columns = Pick<Interactions, 'item' | 'time' | 'kind'>;

/** Users with more events are sorted by the engine's sort, which has a cost per call. */
const FEW = 50;

/** Sorts a range of events by time; equal times keep their order. */
function sortFew({ item, time, kind }: Columns, from: number, to: number): void {
  for (let at = from + 1; at < to; at++) {
    const [movedTime, movedItem, movedKind] = [time[at]!, item[at]!, kind[at]!];
    let free = at;
    for (; free > from && time[free - 1]! > movedTime; free--) {
      time[free] = time[free - 1]!;
      item[free] = item[free - 1]!;
      kind[free] = kind[free - 1]!;
    }
    time[free] = movedTime;
    item[free] = movedItem;
    kind[free] = movedKind;
  }
}

/** Does the same as `sortFew`. */
function sortMany(events: Columns, from: number, to: number): void {
  const [time, item, kind] = [events.time.slice(from, to), events.item.slice(from, to), events.kind.slice(from, to)];
  const order = Uint32Array.from(time, (_, at) => at).sort((a, b) => time[a]! - time[b]! || a - b);
  for (const [at, event] of order.entries()) {
    events.time[from + at] = time[event]!;
    events.item[from + at] = item[event]!;
    events.kind[from + at] = kind[event]!;
  }
}
