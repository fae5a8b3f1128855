import { createAgent } from '@lea/agents';
import { LeaError } from '@lea/core';
import { rowsPerEpoch, type SamplerOptions, trainSchema } from '@lea/train';
import { check, type Loaded } from '../config/load.ts';
import type { RunConfig } from '../config/schema.ts';
import type { SearchConfig } from '../config/search-schema.ts';
import { type Plan, planOf, type RunJob } from '../experiment/plan.ts';
import type { Setting } from '../experiment/trial.ts';
import { jobsOf, type PlannedJob } from '../jobs/graph.ts';
import { type Planned, type PlanOptions, planExperiment } from '../jobs/planned.ts';
import { drawnJob, placeJob } from './jobs.ts';
import { maxStepsOf, type Rung, rungsOf, stepsOf } from './rungs.ts';
import { drawSettings, withSetting } from './settings.ts';

/** The trials of an experiment as jobs. */
export interface PlannedSearch extends Planned {
  readonly search: SearchConfig;
  readonly rungs: readonly Rung[];
  readonly methods: readonly Method[];
}

/** A searched run. */
export interface Method {
  readonly name: string;
  /** In the order in which they were drawn. */
  readonly settings: readonly Setting[];
  /** `train.maxSteps` of each setting with the whole budget. */
  readonly maxSteps: readonly number[];
  /** The jobs of each rung. Those of the first are the settings; those of the others are places that the best ones take. */
  readonly rungs: readonly (readonly PlannedJob[])[];
}

/**
 * Draws the settings of a search and lists its trials as jobs. All trials have the first seed of the experiment.
 *
 * @throws LeaError `E_CONFIG` when the config has no search, or when a drawn setting is not valid; the errors of
 *   `planExperiment`
 */
export async function planSearch(loaded: Loaded, options: PlanOptions): Promise<PlannedSearch> {
  const { search } = loaded.experiment;
  if (!search) {
    throw new LeaError('E_CONFIG', `${loaded.origin}: there is nothing to search.`, {
      hint: 'Add "search" to the config: which options of which runs, and how many trials.',
    });
  }
  const { prepared } = await planExperiment(loaded, options);
  const { experiment, split, dataHash, models } = prepared;
  const drawn = Object.entries(search.runs).map(([name, space]) => {
    const run = experiment.runs.find((one) => one.name === name)!;
    const settings = drawSettings(space, name, search.trials, search.seed ?? 0);
    return { name, settings, configs: settings.map((setting, i) => trialConfig(run, setting, i)) };
  });
  const { search: _, tuned: __, offPolicy: ___, ...rest } = experiment;
  const trials = check(
    { ...rest, baselines: [], seeds: rest.seeds.slice(0, 1), runs: drawn.flatMap(({ configs }) => configs) },
    `${loaded.origin}, in a trial of its search`,
  );
  const rungs = rungsOf(search);
  const plans = rungs.map(({ share }) => {
    const runs = trials.runs.map((config) =>
      withBudget(config, search.budget, share, (sampler) => rowsPerEpoch(sampler, split.train, experiment.window)),
    );
    return planOf({ ...trials, runs }, dataHash, options.runs, loaded.packages, models);
  });
  const own = { ...prepared, experiment: trials };
  const jobs = new Map(jobsOf(plans[0]!, own).map((job) => [job.id, job]));
  const methods = drawn.map(({ name, settings }, m): Method => {
    const runsOf = (plan: Plan): RunJob[] => plan.jobs.slice(m * search.trials, (m + 1) * search.trials) as RunJob[];
    const method = { name, settings, folder: plans[0]!.folder };
    const first = runsOf(plans[0]!).map((run, trial) => drawnJob(jobs.get(run.id)!, run, trial, method));
    const all = [first];
    for (const [i, { trials: count, share }] of rungs.entries()) {
      if (i === 0) continue;
      const rung = { rung: i, share, budget: search.budget, runs: runsOf(plans[i]!), before: all[i - 1]! };
      all.push(Array.from({ length: count }, (_, place) => placeJob(place, rung, method)));
    }
    const maxSteps = runsOf(plans.at(-1)!).map(({ config }) => (config as RunConfig).train!.maxSteps!);
    return { name, settings, maxSteps, rungs: all };
  });
  for (const job of methods.flatMap((method) => method.rungs.flat())) jobs.set(job.id, job);
  return { plan: plans[0]!, jobs: [...jobs.values()], prepared: own, search, rungs, methods };
}

/** A trial as a run of its own. */
function trialConfig({ base: _, controlRun: __, ...run }: RunConfig, setting: Setting, trial: number): RunConfig {
  return { ...withSetting(run, setting), name: `${run.name} #${trial}` };
}

function withBudget(
  config: RunConfig,
  budget: SearchConfig['budget'],
  share: number,
  rowsOf: (sampler: SamplerOptions) => number,
): RunConfig {
  const { phases, networks } = createAgent(config.agent as never);
  const { batch = trainSchema.batch.default, sampler = trainSchema.sampler.default } = config.train ?? {};
  const rows = rowsOf(sampler);
  const maxSteps = maxStepsOf(phases, stepsOf(budget, share, { rows, batch, networks }));
  return { ...config, train: { ...config.train, maxSteps } };
}
