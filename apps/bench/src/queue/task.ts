import { join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { presets } from '../config/presets/index.ts';
import type { PlannedJob } from '../jobs/graph.ts';

/** Which experiment a job is of, as the command line says it. */
export interface Study {
  /** A preset or a config file. */
  readonly experiment: string;
  readonly data?: string | undefined;
  readonly runs: string;
  readonly seed?: string | undefined;
  readonly threads?: string | undefined;
  /** Whether its jobs are those of its search. */
  readonly search?: boolean | undefined;
}

const taskSchema = v.strictObject({
  title: v.string(),
  experiment: v.string(),
  data: v.optional(v.string()),
  seed: v.optional(v.string()),
  threads: v.optional(v.string()),
  search: v.optional(v.boolean()),
  folder: v.string(),
});

/** A job as the queue holds it. Paths are relative to the folder of runs, which machines may mount in different places. */
export type Task = v.InferOutput<typeof taskSchema>;

/** The job for the queue. */
export function taskOf(job: PlannedJob, title: string, { experiment, data, runs, seed, threads, search }: Study): Task {
  const within = (path: string): string => relative(resolve(runs), resolve(path));
  return {
    title,
    experiment: Object.hasOwn(presets, experiment) ? experiment : `./${within(experiment)}`,
    data: data && within(data),
    seed,
    threads,
    search,
    folder: within(job.folder),
  };
}

/** The job as a worker sees it, whose folder of runs may be elsewhere. @throws ValiError for a job of another version */
export function received(data: unknown, runs: string): { study: Study; title: string; folder: string } {
  const { title, folder, ...task } = v.parse(taskSchema, data);
  const here = (path: string): string => join(resolve(runs), path);
  const experiment = Object.hasOwn(presets, task.experiment) ? task.experiment : here(task.experiment);
  return { study: { ...task, experiment, data: task.data && here(task.data), runs }, title, folder: here(folder) };
}
