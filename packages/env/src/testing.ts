import { interactionsOf, sequences, type Transitions, transitions } from '@lea/data';

/** Small logged data for tests: each user's sequence of item indices, as the rows of all events. */
export function rowsOf(users: readonly (readonly number[])[], items: number): Transitions {
  const events = users.flatMap((sequence, user) =>
    sequence.map((item) => ({ user: `u${1000 + user}`, item: `${item}` })),
  );
  return transitions(
    sequences(
      interactionsOf(
        { user: events.map((e) => e.user), item: events.map((e) => e.item) },
        { ids: Array.from({ length: items }, (_, i) => `${i}`) },
      ),
    ),
  );
}

/** The rows of the users that satisfy `keep`, over the same sequences. */
export function usersOf(all: Transitions, keep: (user: number) => boolean): Transitions {
  return transitions(all.sequences, (_, sequence) => keep(sequence));
}
