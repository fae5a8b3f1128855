import { type Check, type Option, option } from '@lea/core';
import * as v from 'valibot';

/**
 * How to score items that are in the history: `'never'` ranks them below all others; a number, times the weight of the item in
 * the history, is added to their scores.
 */
export type Repeat = number | 'never';

const message = 'must be a finite number or "never".';
const check: Check<Repeat> = v.union([v.pipe(v.number(message), v.finite(message)), v.literal('never')], message);

/** The option of all baselines that score the items of the history. */
export const repeat: Option<Repeat> = option(check, 0);

/** Applies `repeat` to the score of one item of the history; call it after all other terms. */
export function addRepeat(scores: Float64Array, at: number, repeat: Repeat, weight: number): void {
  if (repeat === 'never') scores[at] = Number.NEGATIVE_INFINITY;
  else scores[at]! += repeat * weight;
}
