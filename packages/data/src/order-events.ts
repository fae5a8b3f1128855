import type { Interactions } from './interactions.ts';

/** Columns of events. */
type Columns = Pick<Interactions, 'user' | 'item' | 'time' | 'kind' | 'reward'>;

/**
 * The events sorted by user, then time; events with equal times keep their order. They are first parted into blocks of users, so
 * that the events of a block are in the cache when they are sorted.
 *
 * @param users number of users
 */
export function orderEvents(events: Columns, users: number): Columns {
  const count = events.user.length;
  const sorted = {
    user: new Int32Array(count),
    item: new Int32Array(count),
    time: new Float64Array(count),
    kind: new Uint8Array(count),
    ...(events.reward && { reward: new Float64Array(count) }),
  };
  const shift = Math.max(0, Math.ceil(Math.log2(users / BLOCKS)));
  const blocks = startsOf(events.user, shift, ((users - 1) >> shift) + 1);
  place(events, sorted, shift, blocks);
  const ends = startsOf(sorted.user, 0, users);
  let from = 0;
  for (let user = 0; user < users; user++) {
    // Placing makes starts of ends.
    if (user % 2 ** shift === 0) place(slice(sorted, from, blocks[user >> shift]!), sorted, 0, ends);
    const to = ends[user]!;
    const sort = to - from > FEW ? sortMany : sortFew;
    sort(sorted, from, to);
    from = to;
  }
  return sorted;
}

/** Most blocks of users. */
const BLOCKS = 256;

/** [groups] where the events of each group of 2^shift users begin. */
function startsOf(user: Int32Array, shift: number, groups: number): Uint32Array {
  const starts = new Uint32Array(groups + 1);
  for (let event = 0; event < user.length; event++) starts[(user[event]! >> shift) + 1]!++;
  for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!;
  return starts.subarray(0, groups);
}

/** Copies every event to the next place of its group of 2^shift users. */
function place(from: Columns, to: Columns, shift: number, next: Uint32Array): void {
  const { user, item, time, kind, reward } = from;
  for (let event = 0; event < user.length; event++) {
    const at = next[user[event]! >> shift]!++;
    to.user[at] = user[event]!;
    to.item[at] = item[event]!;
    to.time[at] = time[event]!;
    to.kind[at] = kind[event]!;
    if (reward) to.reward![at] = reward[event]!;
  }
}

function slice({ user, item, time, kind, reward }: Columns, from: number, to: number): Columns {
  return {
    user: user.slice(from, to),
    item: item.slice(from, to),
    time: time.slice(from, to),
    kind: kind.slice(from, to),
    ...(reward && { reward: reward.slice(from, to) }),
  };
}

/** Users with more events are sorted by the engine's sort, which has a cost per call. */
const FEW = 50;

/** Sorts the events of a user by time; equal times keep their order. */
function sortFew({ item, time, kind, reward }: Columns, from: number, to: number): void {
  for (let at = from + 1; at < to; at++) {
    const [movedTime, movedItem, movedKind, movedReward] = [time[at]!, item[at]!, kind[at]!, reward?.[at]];
    let free = at;
    for (; free > from && time[free - 1]! > movedTime; free--) {
      time[free] = time[free - 1]!;
      item[free] = item[free - 1]!;
      kind[free] = kind[free - 1]!;
      if (reward) reward[free] = reward[free - 1]!;
    }
    time[free] = movedTime;
    item[free] = movedItem;
    kind[free] = movedKind;
    if (reward) reward[free] = movedReward!;
  }
}

/** Does the same as `sortFew`. */
function sortMany(events: Columns, from: number, to: number): void {
  const { time, item, kind, reward } = slice(events, from, to);
  const order = Uint32Array.from(time, (_, at) => at).sort((a, b) => time[a]! - time[b]! || a - b);
  for (const [at, event] of order.entries()) {
    events.time[from + at] = time[event]!;
    events.item[from + at] = item[event]!;
    events.kind[from + at] = kind[event]!;
    if (reward) events.reward![from + at] = reward[event]!;
  }
}
