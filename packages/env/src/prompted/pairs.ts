import { LeaError } from '@lea/core';
import { checkActions, type Windows } from '@lea/data';
import { SCALE } from './answer.ts';
import type { QuestionForm } from './form.ts';

/** Indices of the actions that one question shows: one action to rate, or two to choose from. */
export type Shown = readonly number[];

/**
 * What is asked about `actions` [size, A]: each action, or for a choice every two actions of a history in both orders, so
 * that a preference for a place cancels out. Two equal items are not compared.
 *
 * @throws LeaError `E_OPTION_VALUE` (a choice of less than two actions), and the errors of `checkActions`
 */
export function shownActions(question: QuestionForm, windows: Windows, actions: Int32Array, items: number): Shown[] {
  checkActions(actions, windows.size, items);
  const each = Array.from(actions, (_, i) => [i]);
  if (question === 'rating') return each;
  const perRow = actions.length / windows.size;
  if (perRow < 2) {
    throw new LeaError('E_OPTION_VALUE', 'A choice needs at least two actions for each history.', {
      value: perRow,
      hint: 'Give more actions, or set question to "rating".',
    });
  }
  return each.flatMap(([i]) => {
    const start = i! - (i! % perRow);
    const others = Array.from({ length: perRow }, (_, j) => start + j);
    return others.filter((j) => actions[j] !== actions[i!]).map((j) => [i!, j]);
  });
}

/** Collects the ratings of questions, and gives the mean of each action; NaN for actions without a rating. */
export function meanRatings(actions: number): { add(shown: Shown, rating: number): void; means(): Float32Array } {
  const sums = new Float64Array(actions);
  const counts = new Float64Array(actions);
  return {
    /** @param rating rating of the first action shown; the other one has the rest of the scale */
    add(shown, rating) {
      shown.forEach((action, place) => {
        sums[action]! += place === 0 ? rating : SCALE[1] - rating;
        counts[action]!++;
      });
    },
    means: () => Float32Array.from(sums, (sum, i) => sum / counts[i]!),
  };
}
