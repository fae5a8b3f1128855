import { eventLoopTurn, type Progress } from '@lea/core';

/**
 * Gives the rows 0 to `count` - 1 to `work`, at most `batch` at a time, and tells after each call how many are done.
 *
 * @param work gets the numbers of its rows, which follow one another
 * @throws the signal's reason between two calls
 */
export async function* inBatches<S extends string, U extends string>(
  { stage, unit }: { readonly stage: S; readonly unit: U },
  {
    count,
    batch,
    signal,
  }: { readonly count: number; readonly batch: number; readonly signal: AbortSignal | undefined },
  work: (rows: Int32Array) => void | Promise<void>,
): AsyncGenerator<Progress<S, U>, void> {
  for (let start = 0; start < count; start += batch) {
    signal?.throwIfAborted();
    const rows = Int32Array.from({ length: Math.min(batch, count - start) }, (_, i) => start + i);
    await work(rows);
    yield { stage, done: start + rows.length, total: count, unit };
    await eventLoopTurn();
  }
}
