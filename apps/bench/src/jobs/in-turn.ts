import { LeaError } from '@lea/core';
import { describeFailure } from '../terminal/failure.ts';
import { type Failure, READS_FAILED } from './crew.ts';
import { type Bench, type PlannedJob, titleOf } from './graph.ts';

/**
 * Does jobs one after the other in this process. A job that fails does not end the others, except where another process is at
 * work on it: that one does the others as well.
 *
 * @param jobs each after those that it reads
 * @param work does a job
 * @returns the jobs that failed, and those that read them
 * @throws the signal's reason when it aborts; LeaError `E_RUNS_BUSY`
 */
export async function workInTurn(
  jobs: readonly PlannedJob[],
  { progress, signal, experiment }: Bench['context'],
  work: (job: PlannedJob) => Promise<void>,
): Promise<Failure[]> {
  const failures = new Map<string, Failure>();
  const fail = (job: PlannedJob, reason: string, error?: unknown): void => {
    failures.set(job.id, { job, reason, error });
    progress.say(`${titleOf(job, experiment.seeds.length)} failed: ${reason}`);
  };
  for (const job of jobs) {
    signal.throwIfAborted();
    if (job.after.some(({ id }) => failures.has(id))) {
      fail(job, READS_FAILED);
      continue;
    }
    try {
      await work(job);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LeaError && error.code === 'E_RUNS_BUSY') throw error;
      fail(job, describeFailure(error, false), error);
    }
  }
  return [...failures.values()];
}
