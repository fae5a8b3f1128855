import type { Windows } from '@lea/data';

/** Default maximum of scores per run. */
const SCORES_PER_RUN = 2 ** 24;

/** Histories per run for a catalog of that size: 256, fewer where they would make more than 2^24 scores. */
export function historiesPerRun(items: number): number {
  return Math.min(256, Math.max(1, Math.floor(SCORES_PER_RUN / items)));
}

/**
 * Passes the scores of each run to `visit`, so that only one run's scores are in memory.
 *
 * @param visit called with the scores of consecutive histories, starting with history `from`
 */
export type ScoreRuns = (windows: Windows, visit: (scores: Float32Array, from: number) => void) => Promise<void>;
