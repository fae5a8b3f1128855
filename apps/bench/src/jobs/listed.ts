import { isHeld } from '../experiment/lock.ts';
import { savedStep } from '../experiment/saved-step.ts';
import type { Estimate } from './costs.ts';
import { isFinished, neededJobs, type PlannedJob } from './graph.ts';

/** A job as the command `plan` lists it. */
export interface ListedJob extends Pick<PlannedJob, 'id' | 'kind' | 'name' | 'seed' | 'stage'> {
  /**
   * `running`: a process works on it. `ready`: all that it reads is finished. `waits`: something that it reads is not. `not
   * needed`: everything that would read it is finished.
   */
  readonly state: 'finished' | 'running' | 'ready' | 'waits' | 'not needed';
  /** The step from which its training goes on, if it was interrupted. */
  readonly resumesAt: number | null;
  /** Ids of the jobs that it reads. */
  readonly after: readonly string[];
  /** Expected seconds: the median over finished jobs like it; null: unknown. */
  readonly seconds: number | null;
  /** Number of finished jobs that `seconds` is estimated from. */
  readonly records: number;
}

/** The jobs with their state and their expected time. */
export function listed(jobs: readonly PlannedJob[], estimate: Estimate): Promise<ListedJob[]> {
  const needed = new Set(neededJobs(jobs));
  const stateOf = (job: PlannedJob): ListedJob['state'] => {
    if (isFinished(job)) return 'finished';
    if (isHeld(job.folder)) return 'running';
    if (!needed.has(job)) return 'not needed';
    return job.after.every(isFinished) ? 'ready' : 'waits';
  };
  return Promise.all(
    jobs.map(async (job) => {
      const { id, kind, name, seed, stage, after } = job;
      const state = stateOf(job);
      const cost = estimate(job);
      return {
        id,
        kind,
        name,
        seed,
        stage,
        state,
        resumesAt: state === 'ready' ? await savedStep(job.folder) : null,
        after: after.map((other) => other.id),
        seconds: cost?.seconds ?? null,
        records: cost?.records ?? 0,
      };
    }),
  );
}
