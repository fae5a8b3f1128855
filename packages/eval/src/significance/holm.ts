import { checkNumbers, LeaError } from '@lea/core';

/**
 * Adjusts the p-values of several comparisons (Holm 1979): those below a level together hold a false one with at most that chance,
 * whatever depends on what. The smallest of m is multiplied by m, the next by m - 1, and so on; none falls below one before it.
 *
 * @param p p-values of all comparisons of a table; NaN stays NaN and is not counted
 * @returns the adjusted p-values, in the given order
 * @throws LeaError `E_ARGUMENT_TYPE` (a p-value is below 0 or above 1)
 */
export function holm(p: ArrayLike<number>): Float64Array {
  checkNumbers('holm', { p });
  const given = Float64Array.from(p);
  const wrong = given.findIndex((chance) => chance < 0 || chance > 1);
  if (wrong >= 0) throw new LeaError('E_ARGUMENT_TYPE', `holm: p[${wrong}] must be from 0 to 1.`, { value: p[wrong] });
  const order = [...given.keys()].filter((i) => !Number.isNaN(given[i])).sort((a, b) => given[a]! - given[b]!);
  let least = 0;
  for (const [step, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (order.length - step) * given[i]!));
    given[i] = least;
  }
  return given;
}
