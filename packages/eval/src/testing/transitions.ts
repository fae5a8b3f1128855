import { type Transitions, transitions } from '@lea/data';

/** Transitions over every event of `sequences`, written as item indices; purchases are marked by `{ buy: item }`. */
export function transitionsOf(
  sequences: readonly (readonly (number | { buy: number })[])[],
  items: number,
): Transitions {
  const events = sequences.flat();
  const sequence = sequences.flatMap((own, user) => own.map(() => user));
  const offsets = [0];
  for (const own of sequences) offsets.push(offsets.at(-1)! + own.length);
  return {
    sequences: {
      userIds: sequences.map((_, user) => `user${user}`),
      itemIds: Array.from({ length: items }, (_, item) => `item${item}`),
      kinds: ['click', 'purchase'],
      offsets: Int32Array.from(offsets),
      items: Int32Array.from(events, (event) => (typeof event === 'number' ? event : event.buy)),
      kind: Uint8Array.from(events, (event) => (typeof event === 'number' ? 0 : 1)),
      time: Float64Array.from(events, (_, i) => i),
    },
    count: events.length,
    event: Int32Array.from(events, (_, i) => i),
    sequence: Int32Array.from(sequence),
    done: Uint8Array.from(sequence, (user, i) => (offsets[user + 1] === i + 1 ? 1 : 0)),
  };
}

/** The rows of the users that satisfy `keep`, over the same sequences. */
export function usersOf({ sequences }: Transitions, keep: (user: number) => boolean): Transitions {
  return transitions(sequences, (_, user) => keep(user));
}
