import type { Transitions } from '@lea/data';

/** The distinct train items of each user, and the train users of each item. */
export interface UserItems {
  /** Number of users with train events. */
  readonly users: number;
  /** Number of items. */
  readonly items: number;
  /** User u has the entries `[byUser[u], byUser[u + 1])` of `item` and `place`. */
  readonly byUser: Int32Array;
  /** [entries] item of each entry; a user's items are in the order of their last choice */
  readonly item: Int32Array;
  /** [entries] number of the user's train events before the last choice of the item */
  readonly place: Int32Array;
  /** Item x has the entries `[byItem[x], byItem[x + 1])` of `user` and `placeOf`. */
  readonly byItem: Int32Array;
  /** [entries] users of each item, ascending */
  readonly user: Int32Array;
  /** [entries] `place` in the order of `user` */
  readonly placeOf: Int32Array;
  /** [users] time of the last train event, ascending */
  readonly latest: Float64Array;
}

/**
 * Counts only the chosen items of the rows, never those of another set. Users are numbered by the time of their last train
 * event, earliest first; users without train events are left out.
 */
export function userItems(train: Transitions): UserItems {
  const { sequences, count, event, sequence } = train;
  const items = sequences.itemIds.length;
  const ends: number[] = [];
  for (let row = 0; row < count; row++) if (sequence[row] !== sequence[row + 1]) ends.push(row + 1);
  const starts = [0, ...ends];
  const time = Float64Array.from(ends, (end) => sequences.time[event[end - 1]!]!);
  const order = Int32Array.from(ends, (_, user) => user).sort((a, b) => time[a]! - time[b]! || a - b);

  const byUser = new Int32Array(ends.length + 1);
  const item = new Int32Array(count);
  const place = new Int32Array(count);
  let entries = 0;
  for (const [user, from] of order.entries()) {
    const last = new Map<number, number>();
    for (let row = starts[from]!; row < ends[from]!; row++) {
      const chosen = sequences.items[event[row]!]!;
      last.delete(chosen);
      last.set(chosen, row - starts[from]!);
    }
    for (const [chosen, at] of last) {
      item[entries] = chosen;
      place[entries++] = at;
    }
    byUser[user + 1] = entries;
  }

  const byItem = new Int32Array(items + 1);
  for (const chosen of item.subarray(0, entries)) byItem[chosen + 1]! += 1;
  for (let x = 0; x < items; x++) byItem[x + 1]! += byItem[x]!;
  const next = byItem.slice();
  const user = new Int32Array(entries);
  const placeOf = new Int32Array(entries);
  for (let u = 0; u < ends.length; u++) {
    for (let entry = byUser[u]!; entry < byUser[u + 1]!; entry++) {
      const at = next[item[entry]!]!++;
      user[at] = u;
      placeOf[at] = place[entry]!;
    }
  }
  return {
    users: ends.length,
    items,
    byUser,
    item: item.slice(0, entries),
    place: place.slice(0, entries),
    byItem,
    user,
    placeOf,
    latest: time.map((_, user) => time[order[user]!]!),
  };
}

/** [users] 1 / sqrt(number of items): the cosine without the length of the history, which is the same for all users. */
export function cosineFactors({ users, byUser }: UserItems): Float64Array {
  return Float64Array.from({ length: users }, (_, user) => 1 / Math.sqrt(byUser[user + 1]! - byUser[user]!));
}
