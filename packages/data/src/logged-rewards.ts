import { LeaError } from '@lea/core';
import { decimal } from './decimal.ts';
import { trimmed } from './trimmed.ts';

/**
 * A column of rewards as numbers.
 *
 * @param where describes a row (and the column) in errors
 * @throws LeaError `E_REWARD_BAD`
 */
export function loggedRewards(cells: ArrayLike<unknown>, where: (row: number) => string): Float64Array {
  return Float64Array.from(cells, (cell, row) => checkedReward(cell, row, where));
}

/** The reward in one cell. @throws LeaError `E_REWARD_BAD` */
export function checkedReward(cell: unknown, row: number, where: (row: number) => string): number {
  const reward = numberIn(cell);
  if (fits(reward)) return reward;
  throw new LeaError('E_REWARD_BAD', `${where(row)}: expected a finite number (at most 3.4e38) as the reward.`, {
    value: cell,
    hint: 'Every event needs a reward: fill in 0 where there is none, for example by a query, or choose another column.',
  });
}

/** From here on a float32, in which losses are computed, is infinite: half a step above the largest one. */
export const REWARD_BOUND: number = 2 ** 128 - 2 ** 103;

/** Whether a reward is finite as a float32. */
export function fits(reward: number): boolean {
  return Math.abs(reward) < REWARD_BOUND;
}

function numberIn(cell: unknown): number {
  if (typeof cell === 'number' || typeof cell === 'bigint') return Number(cell);
  if (typeof cell !== 'string') return Number.NaN;
  const text = trimmed(cell);
  return decimal.test(text) ? Number(text) : Number.NaN;
}
