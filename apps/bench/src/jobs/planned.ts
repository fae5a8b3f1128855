import { LeaError } from '@lea/core';
import { checkMetric } from '@lea/train';
import { hasCatalogModel } from '../config/environments.ts';
import type { Loaded } from '../config/load.ts';
import { validationMetric } from '../config/metrics.ts';
import type { EnvironmentConfig, Experiment } from '../config/schema.ts';
import type { Dataset } from '../data/describe.ts';
import { type Downloading, withDownload } from '../experiment/download.ts';
import { createGuide } from '../experiment/guidance.ts';
import { type Plan, planOf } from '../experiment/plan.ts';
import { type Prepared, prepareData } from '../experiment/prepare.ts';
import type { Progress } from '../terminal/progress.ts';
import { type Bench, jobsOf, type PlannedJob } from './graph.ts';

/** Where data and runs are, and where progress is shown. */
export interface PlanOptions extends Downloading {
  /** Folder of the data files. */
  readonly data: string | undefined;
}

/** An experiment with its data read and its jobs listed; nothing is trained yet. */
export interface Planned {
  readonly plan: Plan;
  /** Each after those that it reads. */
  readonly jobs: readonly PlannedJob[];
  readonly prepared: Prepared;
}

/**
 * Reads and checks the data of an experiment and lists its jobs. Models that are named as on the hub are downloaded, because
 * ids hold the hash of their content.
 *
 * @throws LeaError `E_CONFIG`, `E_TRAIN_METRIC`, and the errors of data sets and downloads
 */
export async function planExperiment(loaded: Loaded, options: PlanOptions): Promise<Planned> {
  const experiment = await withDownloads(loaded.experiment, options);
  const prepared = await prepareData({ ...loaded, experiment }, options.data);
  checkTexts(prepared.dataset, experiment);
  checkValidation(prepared, loaded.origin);
  const plan = planOf(experiment, prepared.dataHash, options.runs, loaded.packages, prepared.models);
  return { plan, jobs: jobsOf(plan, prepared), prepared };
}

/** What the jobs of an experiment share in this process. */
export function benchOf({ plan, prepared }: Planned, progress: Progress, signal: AbortSignal): Bench {
  const context = { ...prepared, folder: plan.folder, progress, signal };
  return { context, guide: createGuide(context) };
}

async function withDownloads(experiment: Experiment, options: Downloading): Promise<Experiment> {
  const environments: Record<string, EnvironmentConfig> = {};
  for (const [name, config] of Object.entries(experiment.environments ?? {})) {
    environments[name] = await withDownload(config, options);
  }
  return { ...experiment, ...(experiment.environments && { environments }) };
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
