import { contentHash } from '@lea/core';
import type { Interactions } from './interactions.ts';

/** The events of each user in a row: those of user `u` are `offsets[u]` to `offsets[u + 1]`. */
export interface Sequences {
  userIds: string[];
  itemIds: string[];
  kinds: string[];
  /** [users + 1] */
  offsets: Int32Array;
  items: Int32Array;
  kind: Uint8Array;
  time: Float64Array;
}

/**
 * One row per decision of a set. Histories are read from the sequences, never stored: memory is O(events).
 * Rows are ordered by `event`.
 */
export interface Transitions {
  sequences: Sequences;
  count: number;
  /** [count] index into `sequences.items` of the action. */
  event: Int32Array;
  /** [count] whose sequence. */
  sequence: Int32Array;
  /** [count] 1 at the last decision of its sequence within this set. */
  done: Uint8Array;
}

/** Interactions as sequences; the columns are shared, not copied. */
export function sequences(data: Interactions): Sequences {
  const offsets = new Int32Array(data.userIds.length + 1);
  for (const user of data.user) offsets[user + 1]!++;
  for (let u = 0; u < data.userIds.length; u++) offsets[u + 1]! += offsets[u]!;
  const { userIds, itemIds, kinds, kind, time } = data;
  return { userIds, itemIds, kinds, offsets, items: data.item, kind, time };
}

/** The transitions whose event satisfies `keep`. Default: all of them. */
export function transitions(
  from: Sequences,
  keep: (event: number, sequence: number) => boolean = () => true,
): Transitions {
  const event = new Int32Array(from.items.length);
  const sequence = new Int32Array(from.items.length);
  const done = new Uint8Array(from.items.length);
  let count = 0;
  for (let s = 0; s + 1 < from.offsets.length; s++) {
    const before = count;
    for (let e = from.offsets[s]!; e < from.offsets[s + 1]!; e++) {
      if (!keep(e, s)) continue;
      event[count] = e;
      sequence[count] = s;
      count++;
    }
    if (count > before) done[count - 1] = 1;
  }
  return {
    sequences: from,
    count,
    event: event.slice(0, count),
    sequence: sequence.slice(0, count),
    done: done.slice(0, count),
  };
}

/** [items] how often each item is the action of a row. */
export function itemCounts(set: Transitions): Float64Array {
  const counts = new Float64Array(set.sequences.itemIds.length);
  for (const e of set.event) counts[set.sequences.items[e]!]!++;
  return counts;
}

/** What rows are about: equal for equal decisions after equal histories among the same items. */
export function rowsHash({ sequences, event, sequence }: Transitions): string {
  const { itemIds, items, offsets } = sequences;
  return contentHash('rows', itemIds, items, offsets, event, sequence);
}
