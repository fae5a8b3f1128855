import { setTimeout as sleep } from 'node:timers/promises';
import type { Hub } from './request.ts';
import { Passing } from './request.ts';

/** Longest wait that a server may ask for, in milliseconds. */
const LONGEST_WAIT = 60_000;

/**
 * Waits before the next try after the n-th failure in a row: as long as the server asks, else 0.2 s, 0.4 s, 0.8 s, ...
 *
 * @throws the error itself when it cannot pass, or has come too often
 */
export async function waitOrThrow(hub: Hub, error: unknown, failures: number): Promise<void> {
  if (!(error instanceof Passing) || failures > hub.retries) throw error;
  const wait = Math.min(error.wait ?? 200 * 2 ** (failures - 1), LONGEST_WAIT);
  await sleep(wait, undefined, hub.signal ? { signal: hub.signal } : {}).catch((aborted: unknown) => {
    throw hub.signal?.aborted ? hub.signal.reason : aborted;
  });
}
