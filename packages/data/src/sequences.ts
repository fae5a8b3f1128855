import { checkFunctions, contentHash, LeaError } from '@lea/core';
import { checkInteractions, checkSequences, checkTransitions } from './arguments.ts';
import type { Interactions } from './interactions.ts';
import { fits } from './logged-rewards.ts';

/** The events of all users, one user after another: user `u` has events `offsets[u]` to `offsets[u + 1]` (exclusive). */
export interface Sequences {
  /** [users] raw user ids */
  userIds: string[];
  /** [items] raw item ids */
  itemIds: string[];
  /** Names of the kinds of events. */
  kinds: string[];
  /** [users + 1] where each user's events begin */
  offsets: Int32Array;
  /** [events] index into `itemIds`, oldest event of each user first */
  items: Int32Array;
  /** [events] index into `kinds` */
  kind: Uint8Array;
  /** [events] in the unit of the source */
  time: Float64Array;
  /** [events] logged rewards, if the log has them */
  reward?: Float64Array;
}

/**
 * One row per decision of a set. Histories are read from the sequences and not stored, so memory is O(events).
 * Rows are ordered by `event`.
 */
export interface Transitions {
  /** The events of all users, shared by the sets of a split. */
  sequences: Sequences;
  /** Number of rows. */
  count: number;
  /** [count] position of the action in `sequences.items` */
  event: Int32Array;
  /** [count] index of the user */
  sequence: Int32Array;
  /** [count] 1 for the last decision of its user within this set */
  done: Uint8Array;
}

/** Converts interactions to sequences; the columns are shared, not copied. */
export function sequences(data: Interactions): Sequences {
  checkInteractions('sequences', { data });
  const offsets = new Int32Array(data.userIds.length + 1);
  for (let event = 0; event < data.user.length; event++) offsets[data.user[event]! + 1]!++;
  for (let u = 0; u < data.userIds.length; u++) offsets[u + 1]! += offsets[u]!;
  const { userIds, itemIds, kinds, kind, time, reward } = data;
  if (reward !== undefined) checkRewards(reward, data.item.length);
  return { userIds, itemIds, kinds, offsets, items: data.item, kind, time, ...(reward && { reward }) };
}

/** Rewards may have been changed since they were read. */
function checkRewards(reward: Float64Array, events: number): void {
  const bad = ArrayBuffer.isView(reward) && reward.length === events ? reward.findIndex((one) => !fits(one)) : -2;
  if (bad === -1) return;
  throw new LeaError(
    'E_REWARD_BAD',
    `interactions.reward must have a finite number for each of the ${events} events.`,
    {
      value: bad < 0 ? reward : reward[bad],
      hint: 'Change rewards with map: log.reward = log.reward.map((price) => price / 100).',
    },
  );
}

/** The decisions whose event satisfies `keep`. Default: all of them. */
export function transitions(
  from: Sequences,
  keep: (event: number, sequence: number) => boolean = () => true,
): Transitions {
  checkSequences('transitions', { sequences: from });
  checkFunctions('transitions', { keep });
  return partition(from, 1, (event, sequence) => (keep(event, sequence) ? 0 : -1))[0]!;
}

/**
 * Parts decisions into sets, and asks for each of them once.
 *
 * @param setOf the index of a decision's set, or -1 to leave it out
 */
export function partition(
  from: Sequences,
  sets: number,
  setOf: (event: number, sequence: number) => number,
): Transitions[] {
  const { items, offsets } = from;
  const chosen = new Int8Array(items.length);
  const counts = new Int32Array(sets);
  for (let s = 0; s + 1 < offsets.length; s++) {
    for (let e = offsets[s]!; e < offsets[s + 1]!; e++) {
      const set = setOf(e, s);
      chosen[e] = set;
      if (set >= 0) counts[set]!++;
    }
  }
  return Array.from(counts, (count, set) => {
    const event = new Int32Array(count);
    const sequence = new Int32Array(count);
    const done = new Uint8Array(count);
    let at = 0;
    for (let s = 0; s + 1 < offsets.length; s++) {
      const before = at;
      for (let e = offsets[s]!; e < offsets[s + 1]!; e++) {
        if (chosen[e] !== set) continue;
        event[at] = e;
        sequence[at++] = s;
      }
      if (at > before) done[at - 1] = 1;
    }
    return { sequences: from, count, event, sequence, done };
  });
}

/** [items] number of rows whose action is the item. */
export function itemCounts(set: Transitions): Float64Array {
  checkTransitions('itemCounts', { set });
  const counts = new Float64Array(set.sequences.itemIds.length);
  for (const e of set.event) counts[set.sequences.items[e]!]!++;
  return counts;
}

/** SHA-256 (hex) of the rows: equal for the same decisions after the same histories over the same items. */
export function rowsHash(set: Transitions): string {
  checkTransitions('rowsHash', { set });
  const { sequences, event, sequence } = set;
  const { itemIds, items, offsets } = sequences;
  return contentHash('rows', itemIds, items, offsets, event, sequence);
}
