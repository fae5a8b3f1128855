import type { Interactions } from './interactions.ts';

/** Columns of events; `kind` is absent if all events have the same. */
type Columns = Pick<Interactions, 'user' | 'item' | 'time' | 'reward'> & Partial<Pick<Interactions, 'kind'>>;

type Column = Int32Array | Float64Array | Uint8Array;

/**
 * The events sorted by user, then time; events with equal times keep their order. They are first parted into blocks of users, so
 * that the events of a block are in the cache when they are sorted.
 *
 * @param users number of users
 */
export function orderEvents({ user, item, time, kind, reward }: Columns, users: number): Columns {
  const count = user.length;
  const shift = Math.max(0, Math.ceil(Math.log2(users / BLOCKS)));
  const blocks = startsOf(user, 0, shift, ((users - 1) >> shift) + 1);
  const place = placesOf(user, 0, shift, blocks);
  const sorted: Columns = {
    user: placed(user, place, new Int32Array(count)),
    item: placed(item, place, new Int32Array(count)),
    time: placed(time, place, new Float64Array(count)),
    ...(kind && { kind: placed(kind, place, new Uint8Array(count)) }),
    ...(reward && { reward: placed(reward, place, new Float64Array(count)) }),
  };
  let from = 0;
  // Placing makes ends of starts.
  for (const [block, to] of blocks.entries()) {
    const first = block << shift;
    orderBlock(slice(sorted, from, to), first, Math.min(users, first + 2 ** shift));
    from = to;
  }
  return sorted;
}

/** Most blocks of users. */
const BLOCKS = 256;

/** Sorts the events of the users from `first` to the one before `last`, in place. */
function orderBlock(events: Columns, first: number, last: number): void {
  const { user, item, time, kind, reward } = events;
  const ends = startsOf(user, first, 0, last - first);
  const place = placesOf(user, first, 0, ends);
  for (const column of [item, time, kind, reward]) if (column) placed(column.slice(), place, column);
  let from = 0;
  for (const [at, to] of ends.entries()) {
    for (let event = from; event < to; event++) user[event] = first + at;
    const sort = to - from > FEW ? sortMany : sortFew;
    sort(events, from, to);
    from = to;
  }
}

/** [groups] where the events of each group of 2^shift users begin, for users from `first` on. */
function startsOf(user: Int32Array, first: number, shift: number, groups: number): Uint32Array {
  const starts = new Uint32Array(groups + 1);
  for (let event = 0; event < user.length; event++) starts[((user[event]! - first) >> shift) + 1]!++;
  for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!;
  return starts.subarray(0, groups);
}

/** [events] the next place of each event's group. */
function placesOf(user: Int32Array, first: number, shift: number, next: Uint32Array): Uint32Array {
  const place = new Uint32Array(user.length);
  for (let event = 0; event < user.length; event++) place[event] = next[(user[event]! - first) >> shift]!++;
  return place;
}

function placed<T extends Column>(from: T, place: Uint32Array, to: T): T {
  for (let event = 0; event < from.length; event++) to[place[event]!] = from[event]!;
  return to;
}

/** The events from one place to the one before another, of the same memory. */
function slice({ user, item, time, kind, reward }: Columns, from: number, to: number): Columns {
  return {
    user: user.subarray(from, to),
    item: item.subarray(from, to),
    time: time.subarray(from, to),
    ...(kind && { kind: kind.subarray(from, to) }),
    ...(reward && { reward: reward.subarray(from, to) }),
  };
}

/** Users with more events are sorted by the engine's sort, which has a cost per call. */
const FEW = 50;

/** Sorts the events of a user by time; equal times keep their order. */
function sortFew({ item, time, kind, reward }: Columns, from: number, to: number): void {
  for (let at = from + 1; at < to; at++) {
    const [movedTime, movedItem, movedKind, movedReward] = [time[at]!, item[at]!, kind?.[at], reward?.[at]];
    let free = at;
    for (; free > from && time[free - 1]! > movedTime; free--) {
      time[free] = time[free - 1]!;
      item[free] = item[free - 1]!;
      if (kind) kind[free] = kind[free - 1]!;
      if (reward) reward[free] = reward[free - 1]!;
    }
    time[free] = movedTime;
    item[free] = movedItem;
    if (kind) kind[free] = movedKind!;
    if (reward) reward[free] = movedReward!;
  }
}

/** Does the same as `sortFew`. */
function sortMany({ item, time, kind, reward }: Columns, from: number, to: number): void {
  const times = time.slice(from, to);
  const order = Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
  const place = new Uint32Array(order.length);
  for (const [at, event] of order.entries()) place[event] = at;
  for (const column of [item, time, kind, reward]) {
    if (column) placed(column.slice(from, to), place, column.subarray(from, to));
  }
}
