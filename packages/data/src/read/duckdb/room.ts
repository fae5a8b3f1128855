import { LeaError } from '@lea/core';
import { availableMemory } from '@lea/core/node';

/** Bytes per event at the peak: codes of user, item and kind, time and row as read; then the four columns of `Interactions`. */
const BYTES = 4 + 4 + 4 + 8 + 4 + (4 + 4 + 8 + 1);

/** Bytes per event of rewards, as read and in `Interactions`. */
const REWARD_BYTES = 8 + 8;

/** Positions of events are 32-bit integers. */
const MOST = 2 ** 31 - 1;

/**
 * Refuses a log that cannot be held.
 *
 * @param rewards whether events have logged rewards
 * @param available bytes of memory. Default: those of the machine or its container
 * @throws LeaError `E_DATA_LARGE`
 */
export function checkRoom(events: number, rewards: boolean, available: number = availableMemory()): void {
  const needed = events * (BYTES + (rewards ? REWARD_BYTES : 0));
  if (events <= MOST && needed <= available) return;
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const count = events.toLocaleString('en');
  const why =
    events > MOST
      ? `at most ${MOST.toLocaleString('en')} are possible`
      : `which need at least ${gb(needed)} of memory, and there are ${gb(available)}`;
  throw new LeaError('E_DATA_LARGE', `The log has ${count} events, ${why}.`, {
    value: events,
    hint: 'Read some of its users or a shorter time by a query: { sql: "select ... where hash(user) % 10 = 0" }.',
  });
}
