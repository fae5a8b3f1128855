import { checkNumbers } from './arguments.ts';

/**
 * Draws an index in proportion to weights by the inverse of their cumulative distribution.
 *
 * @param weights none below 0, not all 0
 * @returns the index for a number from 0 to 1 (exclusive) of a uniform distribution
 */
export function weightedDraw(weights: ArrayLike<number>): (uniform: number) => number {
  checkNumbers('weightedDraw', { weights });
  const cumulative = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total += weights[i]!;
    cumulative[i] = total;
  }
  return (uniform) => {
    const point = uniform * total;
    let [low, high] = [0, cumulative.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
