import { type Key, permutation } from '@lea/core';
import type { Transitions } from '@lea/data';

/** A fold: some users of a set, and the others. */
export interface UserFold {
  /** Indices in the set of the rows of the fold's users, ascending. */
  readonly rows: Int32Array;
  /** These rows. */
  readonly own: Transitions;
  /** The rows of all other users. */
  readonly others: Transitions;
}

/**
 * Assigns the users that have rows in a set to folds at random. Numbers of users per fold differ by at most one.
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
 * The rows of a set, except those of users that also have rows in `left`. Users are compared by their ids, because the sets
 * may have different sequences.
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

/** Selects rows. All rows of a user are kept or removed together, so `done` stays valid. */
function subset({ sequences, event, sequence, done }: Transitions, rows: Int32Array): Transitions {
  return {
    sequences,
    count: rows.length,
    event: rows.map((row) => event[row]!),
    sequence: rows.map((row) => sequence[row]!),
    done: Uint8Array.from(rows, (row) => done[row]!),
  };
}
