import type { Loaded } from '../config/load.ts';
import { beside } from '../experiment/alone.ts';
import { sayData } from '../experiment/prepare.ts';
import { loadTrial } from '../experiment/trial.ts';
import type { Crew, Failure } from '../jobs/crew.ts';
import { neededJobs, titleOf } from '../jobs/graph.ts';
import { workInTurn } from '../jobs/in-turn.ts';
import { benchOf, type PlanOptions } from '../jobs/planned.ts';
import { checkRecords } from '../jobs/whole.ts';
import { workOn } from '../jobs/work.ts';
import { createBoard } from '../terminal/board.ts';
import { createProgress } from '../terminal/progress.ts';
import { type Found, foundBy } from './found.ts';
import { planSearch } from './plan.ts';

export interface SearchOptions extends PlanOptions {
  /** Does the trials; without it this process does them one after the other. */
  readonly crew?: Crew | undefined;
}

/** What a search found, and the jobs that failed. */
export interface Searched extends Found {
  readonly failures: readonly Failure[];
}

/**
 * Plans a search, does the trials that are not finished and gathers what they found. A job that fails does not end the others.
 *
 * @throws LeaError the errors of `planSearch`; `E_RUN_BROKEN` of a finished trial, `E_RUNS_BUSY`
 */
export async function runSearch(loaded: Loaded, options: SearchOptions): Promise<Searched> {
  const planned = await planSearch(loaded, options);
  // A damaged record is told before anything is trained.
  await checkRecords(planned.jobs);
  const needed = neededJobs(planned.jobs);
  const progress = createProgress(options.out, needed.length);
  sayData(progress, planned.prepared);
  const doAll = async (): Promise<Failure[]> => {
    if (options.crew) {
      return options.crew(needed, {
        titleOf: (job) => titleOf(job, 1),
        threads: planned.prepared.threads,
        board: createBoard(options.out),
        signal: options.signal,
        onFinished: async (job) => {
          if (job.kind === 'trial') await loadTrial(job);
        },
      });
    }
    const bench = benchOf(planned, progress, options.signal);
    return workInTurn(needed, bench.context, (job) => workOn(job, bench));
  };
  const failures = needed.length > 0 ? await beside(planned.plan.folder, doAll) : [];
  return { ...(await foundBy(planned)), failures };
}
