import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; throws the signal's reason when it aborts. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal && { signal }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error;
  });
}

/**
 * What a `Retry-After` header, seconds or a date, asks to wait from now, in milliseconds. A wait of nothing is none: who
 * comes back at once does not help a server that has too much to do.
 */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return wait > 0 && Number.isFinite(wait) ? wait : undefined;
}
