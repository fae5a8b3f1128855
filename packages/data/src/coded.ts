import { type Given, LeaError } from '@lea/core';
import { type CellOptions, checkedCells, textsOf } from './cells.ts';
import { idNotes } from './id-notes.ts';
import { checkDistinct, indexOf, indicesIn, pinnedIndex, rankedIds, unknownId } from './ids.ts';
import type { Interactions } from './interactions.ts';
import { orderEvents } from './order-events.ts';
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
  /** [events] finite numbers; absent if the log has no rewards. */
  reward?: Float64Array;
}

/**
 * Codes the cells of a column. Each distinct cell is checked once.
 *
 * @param where describes a row (and the column) in errors
 * @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD`, `E_DATA_LARGE` (over 2^24 distinct cells)
 */
export function codedColumn(
  cells: ArrayLike<unknown>,
  options: Given<CellOptions>,
  where: (row: number) => string,
): CodedColumn {
  const check = checkedCells(options, where);
  const known = new Map<unknown, number>();
  const texts: string[] = [];
  const codes = Int32Array.from(cells, (cell, row) => {
    let code = known.get(cell);
    if (code === undefined) {
      checkDistinct(texts.length + 1, () => where(row));
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
 * @throws LeaError `E_ID_UNKNOWN`, `E_ID_DUPLICATE`, `E_KIND_MANY`, `E_DATA_LARGE` (over 2^24 ids)
 */
export function interactionsOfCoded(
  { user, item, kind, time, reward }: CodedEvents,
  { ids, ...cells }: CodedOptions,
  where: (event: number) => string,
): Interactions {
  if (ids) checkDistinct(ids.length, () => 'The option "ids"');
  const { ids: userIds, index: users } = rankedIds(user.texts);
  const { ids: itemIds, index: items } = ids
    ? pinnedItems(
        textsOf(ids, cells, (at) => `ids[${at}]`),
        item.texts,
      )
    : rankedIds(item.texts);
  const kinds = kind ? [...new Set(kind.texts)].sort() : ['click'];
  if (kinds.length > 256) {
    throw new LeaError('E_KIND_MANY', 'There are more than 256 kinds of events.', {
      value: kinds.length,
      hint: 'Map the raw values to a few kinds, or choose another column; readers leave it out with columns: { kind: null }.',
    });
  }
  const named = kind && indicesIn(indexOf(kinds), kind.texts);
  const unknown = items.indexOf(-1) < 0 ? -1 : item.codes.findIndex((code) => items[code]! < 0);
  if (unknown >= 0) throw unknownId(where(unknown), item.texts[item.codes[unknown]!]!, itemIds);
  const events = {
    user: userIds === user.texts ? user.codes : relabeled(user.codes, users, new Int32Array(time.length)),
    item: itemIds === item.texts ? item.codes : relabeled(item.codes, items, new Int32Array(time.length)),
    time,
    ...(kind && named && { kind: relabeled(kind.codes, named, new Uint8Array(time.length)) }),
    ...(reward && { reward }),
  };
  const notes = [...idNotes('user', userIds), ...idNotes('item', itemIds), ...timeNotes(time)];
  const ordered = orderEvents(events, userIds.length);
  return { userIds, itemIds, kinds, kind: new Uint8Array(time.length), ...ordered, info: { notes } };
}

function pinnedItems(ids: string[], texts: readonly string[]): ReturnType<typeof rankedIds> {
  return { ids, index: indicesIn(pinnedIndex(ids, 'item'), texts) };
}

/** [events] the index of each code. */
function relabeled<T extends Int32Array | Uint8Array>(codes: Int32Array, index: Int32Array, into: T): T {
  for (let event = 0; event < codes.length; event++) into[event] = index[codes[event]!]!;
  return into;
}
