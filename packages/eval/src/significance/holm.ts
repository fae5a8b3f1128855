import { checkNumbers } from '@lea/core';

/**
 * Adjusts the p-values of several comparisons (Holm 1979): those below a level together hold a false one with at most that chance,
 * whatever depends on what. The smallest of m is multiplied by m, the next by m - 1, and so on; none falls below one before it.
 *
 * @param p p-values of all comparisons of a table; NaN stays NaN and is not counted
 * @returns the adjusted p-values, in the given order
 */
export function holm(p: ArrayLike<number>): Float64Array {
  checkNumbers('holm', { p });
  const given = Float64Array.from(p);
  const order = [...given.keys()].filter((i) => !Number.isNaN(given[i])).sort((a, b) => given[a]! - given[b]!);
  let least = 0;
  for (const [step, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (order.length - step) * given[i]!));
    given[i] = least;
  }
  return given;
}
