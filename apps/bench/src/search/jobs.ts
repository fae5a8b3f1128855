import { join } from 'node:path';
import { contentHash } from '@lea/core';
import type { SearchConfig } from '../config/search-schema.ts';
import { type RunJob, slug } from '../experiment/plan.ts';
import { loadTrial, runTrial, type Setting, type TrialJob } from '../experiment/trial.ts';
import type { Bench, PlannedJob } from '../jobs/graph.ts';
import { bestFirst } from './rungs.ts';

/** What the trials of a searched run share. */
interface Searched {
  readonly name: string;
  readonly settings: readonly Setting[];
  /** Folder of the experiment. */
  readonly folder: string;
}

/** A rung after the first. */
interface LaterRung {
  readonly rung: number;
  readonly share: number;
  readonly budget: SearchConfig['budget'];
  /** The runs of all trials with the budget of this rung. */
  readonly runs: readonly RunJob[];
  /** The jobs of the rung before. */
  readonly before: readonly PlannedJob[];
}

/** The job of a drawn setting, in place of the job of its run. */
export function drawnJob(
  planned: PlannedJob,
  run: RunJob,
  trial: number,
  { name, settings, folder }: Searched,
): PlannedJob {
  const own = { ...run, of: name, trial, rung: 0, setting: settings[trial]!, folder: folderOf(folder, run.id) };
  return { ...planned, kind: 'trial', folder: own.folder, work: (bench) => worked(own, run, bench) };
}

/**
 * The job of a place in a later rung: when the rung before is finished, the trial that came out on this place goes on. So the
 * list of jobs is known from the start.
 */
export function placeJob(
  place: number,
  { rung, share, budget, runs, before }: LaterRung,
  searched: Searched,
): PlannedJob {
  const { name, settings, folder: parent } = searched;
  const { seed, resolved: first } = runs[0]!;
  const resolved = { ...(first as object), rung, place, share, budget, before: before.map(({ id }) => id) };
  const id = `${slug(name)}-rung-${rung + 1}-place-${place + 1}-s${seed}-${contentHash(resolved).slice(0, 10)}`;
  const folder = folderOf(parent, id);
  const work = async (bench: Bench): Promise<void> => {
    const found = await Promise.all(
      before.map(async (job) => ({ folder: job.folder, record: (await loadTrial(job))! })),
    );
    const byTrial = found.toSorted((a, b) => a.record.trial - b.record.trial);
    const chosen = byTrial[bestFirst(byTrial.map(({ record }) => record.value))[place]!]!;
    const { trial } = chosen.record;
    const run = runs[trial]!;
    await worked({ ...run, id, folder, of: name, trial, rung, setting: settings[trial]!, before: chosen }, run, bench);
  };
  const stage = Math.max(...before.map((job) => job.stage)) + 1;
  const title = `${name}, rung ${rung + 1}, place ${place + 1}`;
  return { id, kind: 'trial', name: title, seed, folder, resolved, after: before, stage, work };
}

async function worked(job: TrialJob, run: RunJob, { context, guide }: Bench): Promise<void> {
  await runTrial(job, context, run.environments.length > 0 ? await guide.guidance(run) : undefined);
}

function folderOf(parent: string, id: string): string {
  return join(parent, 'search', id);
}
