import { totalmem } from 'node:os';

/** Bytes of memory of the machine or, if that is less, of the container that the process runs in. */
export function availableMemory(): number {
  // 0 or more than the machine has: there is no limit.
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}
