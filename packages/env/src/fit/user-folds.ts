import { type Key, permutation } from '@lea/core';
import type { Transitions } from '@lea/data';

/** Some users of a set, and the others. */
export interface UserFold {
  /** The numbers that the rows of its users have in the set, ascending. */
  readonly rows: Int32Array;
  /** These rows. */
  readonly own: Transitions;
  /** The rows of all other users. */
  readonly others: Transitions;
}

/**
 * Divides the users that have rows in a set among folds, in an order that the key draws. The numbers of users of two folds
 * differ by one at most.
 */
export function* userFolds(set: Transitions, folds: number, key: Key): Generator<UserFold, void> {
  const users = [...new Set(set.sequence)];
  const order = permutation(key, users.length);
  const foldOf = new Map(Array.from(order, (user, place) => [users[user]!, place % folds]));
  for (let fold = 0; fold < folds; fold++) {
    const rows = rowsWhere(set, (sequence) => foldOf.get(sequence) === fold);
    const others = rowsWhere(set, (sequence) => foldOf.get(sequence) !== fold);
    yield { rows, own: subset(set, rows), others: subset(set, others) };
  }
}

/**
 * The rows of a set but those of users that have rows in `left` too. Users are told by their ids, since the sets may be of
 * different sequences.
 */
export function withoutUsersOf(left: Transitions, set: Transitions): Transitions {
  const ids = new Set(Array.from(new Set(left.sequence), (sequence) => left.sequences.userIds[sequence]!));
  return subset(
    set,
    rowsWhere(set, (sequence) => !ids.has(set.sequences.userIds[sequence]!)),
  );
}

function rowsWhere({ sequence }: Transitions, keep: (sequence: number) => boolean): Int32Array {
  return Int32Array.from(sequence.keys()).filter((row) => keep(sequence[row]!));
}

/** All rows of some users: the last decision of each stays the last. */
function subset({ sequences, event, sequence, done }: Transitions, rows: Int32Array): Transitions {
  return {
    sequences,
    count: rows.length,
    event: rows.map((row) => event[row]!),
    sequence: rows.map((row) => sequence[row]!),
    done: Uint8Array.from(rows, (row) => done[row]!),
  };
}
