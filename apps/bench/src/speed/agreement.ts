import { LeaError } from '@lea/core';

/**
 * The largest difference between the losses of two engines in any step, relative to the largest loss.
 *
 * @param hint legitimate reasons for a difference
 * @throws LeaError `E_PEER_DIFFERS` if it is 1e-3 or more
 */
export function differenceOf(own: readonly number[], peer: readonly number[], hint: string): number {
  const largest = Math.max(...own.map(Math.abs));
  const difference = Math.max(...own.map((loss, i) => Math.abs(loss - peer[i]!))) / largest;
  if (difference < 1e-3) return difference;
  throw new LeaError('E_PEER_DIFFERS', 'Expected equal losses from both engines.', {
    value: { lea: own, peer },
    hint,
  });
}
