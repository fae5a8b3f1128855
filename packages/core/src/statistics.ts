import { checkNumbers } from './arguments.ts';

/** The mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  checkNumbers('mean', { values });
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/**
 * Standard deviation; NaN of nothing.
 *
 * @param of `population` (default) divides the squares by their number n; `sample` by n - 1, so it is NaN of one value
 */
export function deviation(values: ArrayLike<number>, of: 'population' | 'sample' = 'population'): number {
  checkNumbers('deviation', { values });
  const middle = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - middle) ** 2;
  return Math.sqrt(squares / (of === 'sample' ? values.length - 1 : values.length));
}
