import { LeaError } from '@lea/core';
import type { Scorer, Scores, Windows } from '@lea/data';
import { checkShape } from './check-scorer.ts';

/**
 * The scores of all items after some histories, checked. NaN is neither above nor below another score, so that what is chosen by
 * it would be chance.
 *
 * @throws LeaError `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export async function scoresOf(scorer: Scorer, histories: Windows): Promise<Scores> {
  const scores = await scorer.score(histories);
  checkShape(scorer, scores, histories.size);
  if (!scores.includes(Number.NaN)) return scores;
  const bad = scores.findIndex(Number.isNaN);
  throw new LeaError('E_SCORE_NAN', `${scorer.name} returned NaN for item ${bad % scorer.items}.`, {
    value: Number.NaN,
    hint: 'The training of the model may have diverged: lower its learning rate.',
  });
}
