/** Time between two looks at running work, in milliseconds. */
const PAUSE = 100;

/** Waits for running work, and meanwhile yields what can be seen of it. */
export async function* watched<T, E>(work: Promise<T>, look: () => E): AsyncGenerator<E, T, undefined> {
  // Who leaves the loop over the events does not wait for the work to fail.
  work.catch(() => {});
  for (;;) {
    const pause = Promise.withResolvers<false>();
    const timer = setTimeout(pause.resolve, PAUSE, false);
    const ended = await Promise.race([work.then(() => true), pause.promise]).finally(() => clearTimeout(timer));
    if (ended) return await work;
    yield look();
  }
}
