import { isLocked } from '../experiment/lock.ts';
import type { Estimate } from './costs.ts';
import { isFinished, neededJobs, type PlannedJob } from './graph.ts';

/** A job as the command `plan` lists it. */
export interface ListedJob extends Pick<PlannedJob, 'id' | 'kind' | 'name' | 'seed' | 'stage'> {
  /**
   * `ready`: all that it reads is finished; it may have been interrupted, and then continues. `running`: a process works on it.
   * `waits`: something that it reads is not finished. `not needed`: everything that would read it is finished.
   */
  readonly state: 'finished' | 'ready' | 'running' | 'waits' | 'not needed';
  /** Ids of the jobs that it reads. */
  readonly after: readonly string[];
  /** Expected seconds: the median over finished jobs like it; null: unknown. */
  readonly seconds: number | null;
  /** Number of finished jobs that `seconds` is estimated from. */
  readonly records: number;
}

/** The jobs with their state and their expected time. */
export async function listed(jobs: readonly PlannedJob[], estimate: Estimate): Promise<ListedJob[]> {
  const needed = new Set(neededJobs(jobs));
  const stateOf = async (job: PlannedJob): Promise<ListedJob['state']> => {
    if (isFinished(job)) return 'finished';
    if (!needed.has(job)) return 'not needed';
    if (!job.after.every(isFinished)) return 'waits';
    return (await isLocked(job.folder)) ? 'running' : 'ready';
  };
  const states = await Promise.all(jobs.map(stateOf));
  return jobs.map((job, i) => {
    const { id, kind, name, seed, stage, after } = job;
    const cost = estimate(job);
    return {
      id,
      kind,
      name,
      seed,
      stage,
      state: states[i]!,
      after: after.map((other) => other.id),
      seconds: cost?.seconds ?? null,
      records: cost?.records ?? 0,
    };
  });
}
