import { itemCounts, type Transitions } from '@lea/data';

/** How popular the items are among the train rows. */
export interface TrainPopularity {
  /** [items] share of the train rows whose action is the item */
  readonly share: Float64Array;
  /** [items] self-information in bits: -log2 of the share of train users who chose the item */
  readonly information: Float64Array;
  /** [items] place by number of train rows, from 1, equal for equal numbers; 0 for items without a row */
  readonly place: Int32Array;
}

/** Counts the train rows. An item that nobody chose has the self-information of one that a single user chose. */
export function trainPopularity(train: Transitions): TrainPopularity {
  const counts = itemCounts(train);
  const { items } = train.sequences;
  // Rows are ordered by user, so it is enough to remember the last user of each item.
  const last = new Int32Array(counts.length).fill(-1);
  const users = new Float64Array(counts.length);
  for (const [row, e] of train.event.entries()) {
    const [item, user] = [items[e]!, train.sequence[row]!];
    if (last[item] !== user) users[item]!++;
    last[item] = user;
  }
  const all = new Set(train.sequence).size;
  const places = new Map([...new Set(counts)].sort((a, b) => b - a).map((count, i) => [count, i + 1]));
  return {
    share: counts.map((count) => count / train.count),
    information: users.map((count) => -Math.log2(Math.max(count, 1) / all)),
    place: Int32Array.from(counts, (count) => (count === 0 ? 0 : places.get(count)!)),
  };
}
