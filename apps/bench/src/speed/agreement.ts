import { LeaError } from '@lea/core';

/**
 * The largest relative difference of two engines' losses, step by step.
 *
 * @param hint why they may differ by right
 * @throws LeaError `E_PEER_DIFFERS` from 1e-3 on
 */
export function differenceOf(own: readonly number[], peer: readonly number[], hint: string): number {
  const difference = Math.max(...own.map((loss, i) => Math.abs(loss - peer[i]!) / Math.abs(loss)));
  if (difference < 1e-3) return difference;
  throw new LeaError('E_PEER_DIFFERS', 'The PyTorch peer computes other losses.', {
    value: { lea: own, torch: peer },
    hint,
  });
}
