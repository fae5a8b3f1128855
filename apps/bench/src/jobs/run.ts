import type { Loaded } from '../config/load.ts';
import { beside } from '../experiment/alone.ts';
import { sayData } from '../experiment/prepare.ts';
import { type FinishedRun, loadRun } from '../experiment/record.ts';
import { createBoard } from '../terminal/board.ts';
import { counted } from '../terminal/counted.ts';
import { duration } from '../terminal/duration.ts';
import { formatMetric } from '../terminal/metric.ts';
import { createProgress, type Progress } from '../terminal/progress.ts';
import { collect, finishedRuns, type Outcome } from './collect.ts';
import type { Crew, Failure } from './crew.ts';
import { isMeasured, neededJobs, type PlannedJob, titleOf } from './graph.ts';
import { workInTurn } from './in-turn.ts';
import { benchOf, type Planned, type PlanOptions, planExperiment } from './planned.ts';
import { workOn } from './work.ts';

export interface RunOptions extends PlanOptions {
  readonly onFinished: (run: FinishedRun) => void;
  /** Does the jobs; without it this process does them one after the other. */
  readonly crew?: Crew | undefined;
}

/** The outcome of a run, and the jobs that failed. */
export interface Ran extends Outcome {
  readonly failures: readonly Failure[];
}

/**
 * Plans an experiment, does its jobs and collects the results. Finished jobs are reused. A job that fails does not end the others.
 *
 * @throws LeaError the errors of `planExperiment`; `E_RUN_BROKEN` of a finished run, `E_RUNS_BUSY`
 */
export async function runExperiment(loaded: Loaded, options: RunOptions): Promise<Ran> {
  const planned = await planExperiment(loaded, options);
  const found = await finishedRuns(planned);
  const needed = new Set(neededJobs(planned.jobs));
  const shown = planned.jobs.filter((job) => needed.has(job) || isMeasured(job));
  const progress = createProgress(options.out, shown.length);
  sayData(progress, planned.prepared);
  sayUnsealed(progress, [...found.values()]);
  const finished = async (job: PlannedJob): Promise<void> => {
    if (!isMeasured(job)) return;
    const run = found.get(job.id) ?? { ...(await loadRun(job))!, fresh: true };
    found.set(job.id, run);
    options.onFinished(run);
  };
  const doAll = async (): Promise<Failure[]> => {
    if (options.crew) {
      for (const job of shown) if (found.has(job.id)) await finished(job);
      if (needed.size === 0) return [];
      const { threads, experiment } = planned.prepared;
      return options.crew([...needed], {
        titleOf: (job) => titleOf(job, experiment.seeds.length),
        threads,
        board: createBoard(options.out),
        signal: options.signal,
        onFinished: finished,
      });
    }
    const bench = benchOf(planned, progress, options.signal);
    return workInTurn(shown, bench.context, async (job) => {
      const old = found.get(job.id);
      if (old) sayFinished(progress, job, old, planned);
      else await workOn(job, bench);
      await finished(job);
    });
  };
  const failures = await (needed.size > 0 ? beside(planned.plan.folder, doAll) : doAll());
  return { ...(await collect(planned, found)), failures };
}

/**
 * The same where nothing may be missing.
 *
 * @throws also the error of the first job that failed
 */
export async function runWhole(loaded: Loaded, options: Omit<RunOptions, 'crew'>): Promise<Ran> {
  const ran = await runExperiment(loaded, options);
  const [first] = ran.failures;
  if (first) throw first.error;
  return ran;
}

function sayFinished(progress: Progress, job: PlannedJob, { record }: FinishedRun, { prepared }: Planned): void {
  progress.begin(titleOf(job, prepared.experiment.seeds.length));
  const { metrics, seconds } = record;
  progress.end(`NDCG@10 ${formatMetric(metrics['ndcg@10'])}`, `already finished, took ${duration(seconds)}`);
}

function sayUnsealed(progress: Progress, found: readonly FinishedRun[]): void {
  const count = found.filter(({ record }) => record.ranksHash === undefined).length;
  if (count === 0) return;
  progress.say(`Reused without a check: ${counted(count, 'finished run')} of a version without file hashes.`);
}
