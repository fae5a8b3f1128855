import type { Transitions } from '@lea/data';

/** The rows that learn every event of a set once, with a loss at every position of their windows. */
export interface SequenceRows {
  /** The newest row of each user, and one more per `window` older events. */
  readonly newest: Int32Array;
  /** The rows of users' first events, whose history is empty: no other row predicts them. */
  readonly first: Int32Array;
}

/**
 * Chooses the rows whose windows tile the histories, from the newest event to the oldest. A row with h events in its window
 * predicts its own event and the h - 1 before it.
 *
 * @param window number of events that a row reads of its history
 */
export function sequenceRows({ count, event, sequence, sequences }: Transitions, window: number): SequenceRows {
  const newest: number[] = [];
  const first: number[] = [];
  // Events from here on are predicted by the rows chosen so far. Rows are ordered by event, so users do not interleave.
  let predicted = Infinity;
  for (let row = count - 1; row >= 0; row--) {
    const own = event[row]!;
    if (own >= predicted) continue;
    const length = Math.min(window, own - sequences.offsets[sequence[row]!]!);
    (length > 0 ? newest : first).push(row);
    predicted = own - Math.max(1, length) + 1;
  }
  return { newest: Int32Array.from(newest.reverse()), first: Int32Array.from(first.reverse()) };
}
