import type { RewardAgreement } from '../experiment/agreement.ts';
import { loadRecord } from '../experiment/environment.ts';
import { type Estimated, estimateOf, loadEstimate } from '../experiment/estimate.ts';
import { rewardsDiffer } from '../experiment/logged.ts';
import type { Job, Plan } from '../experiment/plan.ts';
import type { Prepared } from '../experiment/prepare.ts';
import { type FinishedRun, loadRun } from '../experiment/record.ts';
import type { Planned } from './planned.ts';

/** The results of an experiment, in the order of its plan. */
export interface Outcome {
  readonly runs: readonly FinishedRun[];
  /** Runs and baselines that are not finished, and off-policy estimates of finished ones. */
  readonly missing: readonly Pick<Job, 'id' | 'name'>[];
  /** Agreement with a world's true rewards, of those environments where it is known. */
  readonly agreements: readonly RewardAgreement[];
  /** Off-policy estimates that are finished, by the id of their run or baseline. */
  readonly estimates: ReadonlyMap<string, Estimated>;
  readonly plan: Plan;
  readonly context: Prepared;
}

/** Finished runs, by id. */
export type Found = ReadonlyMap<string, FinishedRun>;

/** Reads the runs that are finished. @throws LeaError `E_RUN_BROKEN` */
export async function finishedRuns({ plan }: Planned): Promise<Map<string, FinishedRun>> {
  const loaded = await Promise.all(plan.jobs.map(async (job) => [job.id, await loadRun(job)] as const));
  return new Map(loaded.flatMap(([id, run]) => (run ? [[id, run]] : [])));
}

/** Gathers what is finished. @throws LeaError `E_RUN_BROKEN` */
export async function collect({ plan, prepared }: Planned, found: Found): Promise<Outcome> {
  const records = await Promise.all(plan.environments.map(loadRecord));
  const estimates = await finishedEstimates(plan, prepared);
  const { offPolicy } = prepared.experiment;
  const estimated = offPolicy && rewardsDiffer(prepared.split, prepared.rewards) ? plan.jobs : [];
  const open = estimated.filter(({ id }) => found.has(id) && !estimates.has(id));
  return {
    runs: plan.jobs.flatMap(({ id }) => found.get(id) ?? []),
    missing: [
      ...plan.jobs.filter(({ id }) => !found.has(id)),
      ...open.map((job) => ({ id: estimateOf(job, offPolicy!).id, name: job.name })),
    ],
    agreements: records.flatMap((record) => record?.agreement ?? []),
    estimates,
    plan,
    context: prepared,
  };
}

async function finishedEstimates({ jobs }: Plan, { experiment }: Prepared): Promise<Map<string, Estimated>> {
  const { offPolicy } = experiment;
  if (!offPolicy) return new Map();
  const loaded = await Promise.all(
    jobs.map(async (job) => [job.id, await loadEstimate(job, estimateOf(job, offPolicy))] as const),
  );
  return new Map(loaded.flatMap(([id, estimate]) => (estimate ? [[id, estimate]] : [])));
}
