import type { Windows } from '@lea/data';

/** Default maximum of scores per run. */
const SCORES_PER_RUN = 2 ** 24;

/**
 * Histories per run for a catalog of that size: 256, or the largest power of two that makes at most 2^24 scores. A power of
 * two, so that runs divide the usual batches without padding.
 */
export function historiesPerRun(items: number): number {
  return 2 ** Math.floor(Math.log2(Math.min(256, Math.max(1, SCORES_PER_RUN / items))));
}

/**
 * Passes the scores of each run to `visit`, so that only one run's scores are in memory.
 *
 * @param visit called with the scores of consecutive histories, starting with history `from`
 */
export type ScoreRuns = (windows: Windows, visit: (scores: Float32Array, from: number) => void) => Promise<void>;
