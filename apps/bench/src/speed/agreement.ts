import { LeaError } from '@lea/core';

/**
 * The largest difference of two engines' losses, step by step, by the largest loss.
 *
 * @param hint why they may differ by right
 * @throws LeaError `E_PEER_DIFFERS` from 1e-3 on
 */
export function differenceOf(own: readonly number[], peer: readonly number[], hint: string): number {
  const largest = Math.max(...own.map(Math.abs));
  const difference = Math.max(...own.map((loss, i) => Math.abs(loss - peer[i]!))) / largest;
  if (difference < 1e-3) return difference;
  throw new LeaError('E_PEER_DIFFERS', 'The two engines compute other numbers.', {
    value: { lea: own, peer },
    hint,
  });
}
