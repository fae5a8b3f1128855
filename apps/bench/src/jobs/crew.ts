import type { Board } from '../terminal/board.ts';
import type { PlannedJob } from './graph.ts';

/** A job that was not finished, and why. */
export interface Failure {
  readonly job: PlannedJob;
  readonly reason: string;
  /** What was thrown, if that was in this process. */
  readonly error?: unknown;
}

/** Why a job fails that reads the result of a failed one. */
export const READS_FAILED = 'it reads the result of a job that failed';

/** What the processes that do jobs are told. */
export interface Duty {
  readonly titleOf: (job: PlannedJob) => string;
  /** Threads of each job. */
  readonly threads: number;
  readonly board: Board;
  readonly signal: AbortSignal;
  readonly onFinished: (job: PlannedJob) => Promise<void>;
}

/**
 * Other processes that do jobs. A job that fails does not end the others.
 *
 * @param jobs each after those that it reads
 * @returns the jobs that failed, and those that wait for them
 * @throws the signal's reason when it aborts
 */
export type Crew = (jobs: readonly PlannedJob[], duty: Duty) => Promise<Failure[]>;

/** Jobs with the longest chain of others that wait for them come first; so each still comes after those that it reads. */
export function longestFirst(jobs: readonly PlannedJob[]): PlannedJob[] {
  const chain = new Map<PlannedJob, number>();
  for (const job of jobs.toReversed()) {
    const own = chain.get(job) ?? 0;
    chain.set(job, own);
    for (const read of job.after) chain.set(read, Math.max(chain.get(read) ?? 0, own + 1));
  }
  return jobs.toSorted((a, b) => chain.get(b)! - chain.get(a)!);
}
