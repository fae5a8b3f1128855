import { describeValue, LeaError } from '@lea/core';
import type { Scorer, Scores } from './scorer.ts';
import type { Windows } from './windows.ts';

/**
 * The scores of all items after some histories, [histories.size, items], checked. NaN is refused, because it is neither above nor
 * below another score: an item that is chosen by it would be chosen by chance.
 *
 * @throws LeaError `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export async function scoresOf(scorer: Scorer, histories: Windows): Promise<Scores> {
  const scores = await scorer.score(histories);
  checkScores(scorer, scores, histories.size);
  if (!scores.includes(Number.NaN)) return scores;
  const bad = scores.findIndex(Number.isNaN);
  throw new LeaError('E_SCORE_NAN', `${scorer.name} returned NaN for item ${bad % scorer.items}.`, {
    value: Number.NaN,
    hint: 'The training of the model may have diverged: lower its learning rate.',
  });
}

/**
 * Refuses scores of another type or length than [size, items].
 *
 * @throws LeaError `E_SCORE_SHAPE`
 */
export function checkScores({ name, items }: Pick<Scorer, 'name' | 'items'>, scores: Scores, size: number): void {
  const isTyped = scores instanceof Float32Array || scores instanceof Float64Array;
  if (isTyped && scores.length === size * items) return;
  throw new LeaError('E_SCORE_SHAPE', `Expected ${name} to return ${size * items} scores for ${size} histories.`, {
    value: scores,
    got: describeValue(scores),
    hint: `It must return a Float32Array or Float64Array with ${size} rows of ${items} scores.`,
  });
}
