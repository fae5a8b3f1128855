import type { Estimate } from './costs.ts';
import { isFinished, neededJobs, type PlannedJob } from './graph.ts';

/** A job as the command `plan` lists it. */
export interface ListedJob extends Pick<PlannedJob, 'id' | 'kind' | 'name' | 'seed' | 'stage'> {
  /**
   * `ready`: all that it reads is finished. `waits`: something that it reads is not. `not needed`: everything that would read it
   * is finished.
   */
  readonly state: 'finished' | 'ready' | 'waits' | 'not needed';
  /** Ids of the jobs that it reads. */
  readonly after: readonly string[];
  /** Expected seconds: the median over finished jobs like it; null: unknown. */
  readonly seconds: number | null;
  /** Number of finished jobs that `seconds` is estimated from. */
  readonly records: number;
}

/** The jobs with their state and their expected time. */
export function listed(jobs: readonly PlannedJob[], estimate: Estimate): ListedJob[] {
  const needed = new Set(neededJobs(jobs));
  return jobs.map((job) => {
    const { id, kind, name, seed, stage, after } = job;
    const waits = after.some((other) => !isFinished(other));
    const open = !needed.has(job) ? 'not needed' : waits ? 'waits' : 'ready';
    const cost = estimate(job);
    return {
      id,
      kind,
      name,
      seed,
      stage,
      state: isFinished(job) ? 'finished' : open,
      after: after.map((other) => other.id),
      seconds: cost?.seconds ?? null,
      records: cost?.records ?? 0,
    };
  });
}
