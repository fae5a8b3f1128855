import { existsSync } from 'node:fs';
import { LeaError } from '@lea/core';
import { checkMetric } from '@lea/train';
import { hasCatalogModel } from '../config/environments.ts';
import type { Loaded } from '../config/load.ts';
import { validationMetric } from '../config/metrics.ts';
import type { EnvironmentConfig, Experiment } from '../config/schema.ts';
import type { Dataset } from '../data/describe.ts';
import { duration } from '../terminal/duration.ts';
import { formatMetric } from '../terminal/metric.ts';
import { createProgress, type Progress } from '../terminal/progress.ts';
import type { RewardAgreement } from './agreement.ts';
import { alone } from './alone.ts';
import { runBaseline } from './baseline.ts';
import type { Context } from './context.ts';
import { type Downloading, withDownload } from './download.ts';
import { runFused } from './fused.ts';
import { createGuide, type Guide } from './guidance.ts';
import { type Job, type Plan, planOf } from './plan.ts';
import { type Prepared, prepareData, sayData } from './prepare.ts';
import { type FinishedRun, loadRun, recordPath } from './record.ts';
import { runTrained } from './trained.ts';

export interface ExperimentOptions {
  /** Folder of the data files. */
  readonly data: string | undefined;
  /** Folder for runs. */
  readonly runs: string;
  /** The stream on which progress is shown. */
  readonly out: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  readonly onFinished: (run: FinishedRun) => void;
}

export interface Outcome {
  readonly runs: readonly FinishedRun[];
  readonly agreements: readonly RewardAgreement[];
  readonly plan: Plan;
  readonly context: Context;
}

/** Runs all jobs of an experiment in order. Finished runs are reused and interrupted runs are resumed. */
export async function runExperiment(loaded: Loaded, options: ExperimentOptions): Promise<Outcome> {
  const experiment = await withDownloads(loaded.experiment, options);
  const prepared = await prepareData({ ...loaded, experiment }, options.data);
  checkTexts(prepared.dataset, experiment);
  checkValidation(prepared, loaded.origin);
  const plan = planOf(experiment, prepared.dataHash, options.runs, loaded.packages, prepared.models);
  const isFinished = plan.jobs.every(({ folder }) => existsSync(recordPath(folder)));
  return alone(plan.folder, isFinished, () => runPlan(plan, prepared, options));
}

async function withDownloads(experiment: Experiment, options: Downloading): Promise<Experiment> {
  const environments: Record<string, EnvironmentConfig> = {};
  for (const [name, config] of Object.entries(experiment.environments ?? {})) {
    environments[name] = await withDownload(config, options);
  }
  return { ...experiment, ...(experiment.environments && { environments }) };
}

async function runPlan(plan: Plan, prepared: Prepared, options: ExperimentOptions): Promise<Outcome> {
  const found = new Map(await Promise.all(plan.jobs.map(async (job) => [job, await loadRun(job)] as const)));
  const progress = createProgress(
    options.out,
    stagesOf(plan, (job) => found.get(job) === undefined),
  );
  const context: Context = { ...prepared, folder: plan.folder, progress, signal: options.signal };
  sayData(progress, context);
  sayUnsealed(progress, [...found.values()]);
  const guide = createGuide(context);
  const runs: FinishedRun[] = [];
  for (const job of plan.jobs) {
    options.signal.throwIfAborted();
    const run = await finish(job, found.get(job), context, guide);
    runs.push(run);
    options.onFinished(run);
  }
  return { runs, agreements: await guide.agreements(plan.environments), plan, context };
}

function sayUnsealed(progress: Progress, found: readonly (FinishedRun | undefined)[]): void {
  const count = found.filter((run) => run && run.record.ranksHash === undefined).length;
  if (count === 0) return;
  progress.say(`${count} finished runs come from a version without file hashes. They are reused without a check.`);
}

/** Jobs, and the environments that unfinished ones need. */
function stagesOf({ jobs, environments }: Plan, unfinished: (job: Job) => boolean): number {
  const needed = environments.filter((e) =>
    jobs.some((job) => job.kind === 'run' && job.environments.includes(e) && unfinished(job)),
  );
  return jobs.length + needed.length;
}

async function finish(job: Job, found: FinishedRun | undefined, context: Context, guide: Guide): Promise<FinishedRun> {
  const { progress } = context;
  if (found) progress.begin(job.name);
  const run = found ?? (await carriedOut(job, context, guide));
  const { metrics, seconds } = run.record;
  progress.end(
    `NDCG@10 ${formatMetric(metrics['ndcg@10'])}`,
    found ? `already finished, took ${duration(seconds)}` : undefined,
  );
  return run;
}

async function carriedOut(job: Job, context: Context, guide: Guide): Promise<FinishedRun> {
  const { progress } = context;
  const guidance = job.kind === 'run' && job.environments.length > 0 ? await guide.guidance(job) : undefined;
  progress.begin(job.name);
  if (job.kind === 'baseline') return runBaseline(job, context);
  return job.network ? runFused(job, job.network, context) : runTrained(job, context, guidance);
}

/** Checks the validation metric before anything is trained. */
function checkValidation({ experiment, split }: Prepared, origin: string): void {
  try {
    checkMetric(validationMetric(experiment.runs), split.validation);
  } catch (cause) {
    if (!(cause instanceof LeaError)) throw cause;
    throw new LeaError(cause.code, `${origin}, at train.metric: ${cause.message}`, { cause });
  }
}

function checkTexts(dataset: Dataset, { baselines, environments = {} }: Experiment): void {
  if (dataset.itemTexts) return;
  const readsTexts = (e: EnvironmentConfig): boolean => e.itemInput !== 'id' || hasCatalogModel(e);
  const readers = [
    ...baselines
      .filter((b) => b.type === 'text-similarity' || ('text' in b && b.text))
      .map((b) => `baseline ${b.type}`),
    ...Object.entries(environments).flatMap(([name, e]) => (readsTexts(e) ? [`environment ${name}`] : [])),
  ];
  if (readers.length === 0) return;
  throw new LeaError('E_CONFIG', `Expected a data set with item texts, which are needed by: ${readers.join(', ')}.`, {
    hint: 'Set dataset.itemTexts, or remove these.',
  });
}
