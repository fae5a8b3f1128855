import { longestFirst } from '../jobs/crew.ts';
import type { PlannedJob } from '../jobs/graph.ts';

/** What can be done with jobs. Those in neither list wait for others. */
export interface Sorted {
  /** All that they read is finished; the longest chain first. */
  readonly ready: readonly PlannedJob[];
  /** They read the result of a job that failed, or of one that cannot be done for this reason. */
  readonly lost: readonly PlannedJob[];
}

/**
 * Sorts jobs by those that they read.
 *
 * @param open the jobs that are neither finished nor failed, each after those that it reads
 * @param failed ids of the jobs that failed
 */
export function sortOpen(open: readonly PlannedJob[], failed: ReadonlySet<string>): Sorted {
  const blocked = new Set(failed);
  const waiting = new Set(open.map(({ id }) => id));
  const lost: PlannedJob[] = [];
  const ready: PlannedJob[] = [];
  for (const job of longestFirst(open)) {
    if (job.after.some(({ id }) => blocked.has(id))) {
      blocked.add(job.id);
      lost.push(job);
    } else if (!job.after.some(({ id }) => waiting.has(id))) ready.push(job);
  }
  return { ready, lost };
}
