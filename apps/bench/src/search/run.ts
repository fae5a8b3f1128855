import type { Loaded } from '../config/load.ts';
import { beside } from '../experiment/alone.ts';
import { sayData } from '../experiment/prepare.ts';
import { loadTrial } from '../experiment/trial.ts';
import { neededJobs } from '../jobs/graph.ts';
import { benchOf, type PlanOptions } from '../jobs/planned.ts';
import type { Failure, PoolOptions } from '../jobs/pool.ts';
import { workInChildren } from '../jobs/run.ts';
import { workOn } from '../jobs/work.ts';
import { createProgress } from '../terminal/progress.ts';
import { type Found, foundBy } from './found.ts';
import { planSearch } from './plan.ts';

export interface SearchOptions extends PlanOptions {
  /** Does the trials in child processes; without it this process does them one after the other. */
  readonly pool?: Pick<PoolOptions, 'size' | 'wordsOf'> | undefined;
}

/** What a search found, and the jobs of its pool that failed. */
export interface Searched extends Found {
  readonly failures: readonly Failure[];
}

/**
 * Plans a search, does the trials that are not finished and gathers what they found.
 *
 * @throws LeaError the errors of `planSearch` and, without a pool, of the first job that fails
 */
export async function runSearch(loaded: Loaded, options: SearchOptions): Promise<Searched> {
  const planned = await planSearch(loaded, options);
  const needed = neededJobs(planned.jobs);
  const progress = createProgress(options.out, needed.length);
  sayData(progress, planned.prepared);
  const doAll = async (): Promise<Failure[]> => {
    if (options.pool) {
      return workInChildren(needed, planned, options, options.pool, async (job) => {
        if (job.kind === 'trial') await loadTrial(job);
      });
    }
    const bench = benchOf(planned, progress, options.signal);
    for (const job of needed) {
      options.signal.throwIfAborted();
      await workOn(job, bench);
    }
    return [];
  };
  const failures = needed.length > 0 ? await beside(planned.plan.folder, doAll) : [];
  return { ...(await foundBy(planned)), failures };
}
