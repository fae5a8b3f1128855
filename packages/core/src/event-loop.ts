/**
 * Resolves after a turn of the event loop. Long work that never waits calls it now and then, so that timers, signals and
 * progress are served. In Node it costs microseconds; where there is no `setImmediate`, a timer of 0 ms takes its place.
 */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
}
