import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; throws the signal's reason if it aborts. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal && { signal }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error;
  });
}

/**
 * The delay in milliseconds that a `Retry-After` header (seconds or a date) asks for. Delays of 0 are ignored, because an
 * immediate retry does not help an overloaded server.
 */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return wait > 0 && Number.isFinite(wait) ? wait : undefined;
}
