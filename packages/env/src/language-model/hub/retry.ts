import { pause } from '../../shared/waits.ts';
import { type Hub, Passing } from './request.ts';

/** Longest wait that a server may ask for, in milliseconds. */
const LONGEST_WAIT = 60_000;

/**
 * Waits before the next retry, after the n-th failure in a row: as long as the server asks, else 0.2 s, 0.4 s, 0.8 s, ...
 * `p-retry` is not used because its waits are fixed in advance and cannot follow the server.
 *
 * @throws the error itself, or its `last` error, if it is permanent or the retries are used up
 */
export async function waitOrThrow(hub: Hub, error: unknown, failures: number): Promise<void> {
  if (!(error instanceof Passing)) throw error;
  if (failures > hub.retries) throw error.last ?? error;
  await pause(Math.min(error.wait ?? 200 * 2 ** (failures - 1), LONGEST_WAIT), hub.signal);
}
