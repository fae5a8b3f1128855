import type { Transitions } from './sequences.ts';

/** The items of the user's whole history before the event of a row, oldest first: a view, not a copy. */
export function itemsBefore({ sequences, event, sequence }: Transitions, row: number): Int32Array {
  return sequences.items.subarray(sequences.offsets[sequence[row]!]!, event[row]!);
}
