import { afterEach, expect, it, vi } from 'vitest';
import { eventLoopTurn } from './event-loop.ts';

afterEach(() => void vi.unstubAllGlobals());

it.each([
  ['setImmediate', setImmediate],
  ['timers, where there is no setImmediate', undefined],
])('serves what waits, by %s', async (_, immediate) => {
  vi.stubGlobal('setImmediate', immediate);
  let served = false;
  setTimeout(() => {
    served = true;
  });
  const until = performance.now() + 5;
  while (performance.now() < until);
  await eventLoopTurn();
  // A timer that is due is served by the first turn or the next one, depending on where in its round the loop stands.
  await eventLoopTurn();
  expect(served).toBe(true);
});
