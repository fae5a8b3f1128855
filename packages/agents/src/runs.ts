import type { Windows } from '@lea/data';

/** The most scores that a run makes by default. */
const SCORES_PER_RUN = 2 ** 24;

/** Histories per run for a catalogue of that size: 256, fewer where they would make more than 2^24 scores. */
export function historiesPerRun(items: number): number {
  return Math.min(256, Math.max(1, Math.floor(SCORES_PER_RUN / items)));
}

/**
 * Scores windows run by run, so that the scores of one are gone before the next.
 *
 * @param visit gets the scores of the histories from `from` on
 */
export type ScoreRuns = (windows: Windows, visit: (scores: Float32Array, from: number) => void) => Promise<void>;
