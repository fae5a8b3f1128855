import { LeaError, nearest } from '@lea/core';
import { alone } from '../experiment/alone.ts';
import { loadRun } from '../experiment/record.ts';
import { loadTrial, settingText } from '../experiment/trial.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { fit } from '../terminal/progress.ts';
import { type Bench, isFinished, isMeasured, type PlannedJob, titleOf } from './graph.ts';
import { checkRecords } from './whole.ts';

/** Characters of a setting in a line of progress. */
const SETTING = 80;

/** The job of an id. @throws LeaError `E_JOB_UNKNOWN` */
export function jobOf(id: string, jobs: readonly PlannedJob[]): PlannedJob {
  const found = jobs.find((job) => job.id === id);
  if (found) return found;
  const ids = jobs.map((job) => job.id);
  const near = nearest(id, ids);
  throw new LeaError('E_JOB_UNKNOWN', 'The experiment has no job of this id.', {
    value: id,
    hint: near
      ? `Did you mean "${near}"?`
      : 'List the ids with the command plan. They change with config, data, seeds and versions.',
  });
}

/**
 * Does one job, unless it is finished. Its folder is locked meanwhile.
 *
 * @throws LeaError `E_JOB_WAITS` when a job that it reads is not finished, `E_RUNS_BUSY` when another process works on it, and
 *   the errors of the job
 */
export async function workOn(job: PlannedJob, bench: Bench): Promise<void> {
  if (isFinished(job)) return;
  const missing = job.after.filter((other) => !isFinished(other)).map(({ id }) => id);
  if (missing.length > 0) {
    throw new LeaError('E_JOB_WAITS', `The job ${job.id} reads the results of jobs that are not finished.`, {
      value: missing,
      hint: 'Do these first, each with the command work and its id.',
    });
  }
  const { progress, experiment } = bench.context;
  await alone(job.folder, false, async () => {
    // Another process may have finished it before the lock was free.
    if (isFinished(job)) return;
    progress.begin(titleOf(job, experiment.seeds.length));
    await job.work(bench);
    progress.end(await scoreOf(job));
  });
}

/** The score of a finished job. @throws LeaError `E_RUN_BROKEN` */
export async function scoreOf(job: PlannedJob): Promise<string> {
  if (job.kind === 'trial') {
    const { metric, value, failure, setting } = (await loadTrial(job))!;
    const outcome = failure === undefined ? `validation ${metricTitle(metric)} ${formatMetric(value!)}` : 'diverged';
    return `${outcome}, ${fit(settingText(setting), SETTING)}`;
  }
  if (!isMeasured(job)) {
    await checkRecords([job]);
    return 'saved';
  }
  return `NDCG@10 ${formatMetric((await loadRun(job))!.record.metrics['ndcg@10'] ?? Number.NaN)}`;
}
