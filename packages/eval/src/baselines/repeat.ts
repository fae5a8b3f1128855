import { checkRanges } from '@lea/core';

/**
 * What becomes of the window's own items: `'never'` ranks them below all others, a number is added to their scores, times
 * the weight that the baseline gives to an item of the window.
 */
export type Repeat = number | 'never';

/** @throws LeaError `E_OPTION_VALUE` */
export function checkRepeat(where: string, repeat: Repeat): void {
  if (repeat !== 'never') checkRanges(where, { repeat }, { repeat: [-Number.MAX_VALUE, Number.MAX_VALUE] });
}

/** Does so for one item of the window, whose scores are otherwise complete. */
export function addRepeat(scores: Float64Array, at: number, repeat: Repeat, weight: number): void {
  if (repeat === 'never') scores[at] = Number.NEGATIVE_INFINITY;
  else scores[at]! += repeat * weight;
}
