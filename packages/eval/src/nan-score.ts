import { LeaError } from '@lea/core';
import type { Scorer, Scores, Transitions } from '@lea/data';

/** The error of a row of scores that holds NaN: it names the item, the event and the user. */
export function nanScore(
  scorer: Scorer,
  scores: Scores,
  { sequences, event, sequence }: Transitions,
  row: number,
): LeaError {
  const first = sequence[row]!;
  const place = event[row]! - sequences.offsets[first]! + 1;
  const item = sequences.itemIds[scores.findIndex(Number.isNaN)];
  return new LeaError(
    'E_SCORE_NAN',
    `${scorer.name} returned NaN for item "${item}" at event ${place} of user "${sequences.userIds[first]}" (row ${row}).`,
    { value: Number.NaN, hint: 'The training of the model may have diverged: lower its learning rate.' },
  );
}
