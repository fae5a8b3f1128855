import type { Transitions } from '@lea/data';

/** The items of the user's whole history before the event of a row. */
export function itemsBefore({ sequences, event, sequence }: Transitions, row: number): Int32Array {
  return sequences.items.subarray(sequences.offsets[sequence[row]!]!, event[row]!);
}
