import { checkRanges } from '@lea/core';

/**
 * How to score items that are in the history: `'never'` ranks them below all others; a number, times the weight of the item in
 * the history, is added to their scores.
 */
export type Repeat = number | 'never';

/** @throws LeaError `E_OPTION_VALUE` */
export function checkRepeat(where: string, repeat: Repeat): void {
  if (repeat !== 'never') checkRanges(where, { repeat }, { repeat: [-Number.MAX_VALUE, Number.MAX_VALUE] });
}

/** Applies `repeat` to the score of one item of the history; call it after all other terms. */
export function addRepeat(scores: Float64Array, at: number, repeat: Repeat, weight: number): void {
  if (repeat === 'never') scores[at] = Number.NEGATIVE_INFINITY;
  else scores[at]! += repeat * weight;
}
