import { join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { presets } from '../config/presets/index.ts';
import type { PlannedJob } from '../jobs/graph.ts';

/** Which experiment a job is of, as the command line says it. */
export interface Study {
  /** A preset or a config file. */
  readonly experiment: string;
  /** A copy of the config file as it was when the jobs were shared out. */
  readonly config?: string | undefined;
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
  config: v.optional(v.string()),
  data: v.optional(v.string()),
  seed: v.optional(v.string()),
  threads: v.optional(v.string()),
  search: v.optional(v.boolean()),
  folder: v.string(),
});

/** A job as the queue holds it. Paths are relative to the folder of runs, which machines may mount in different places. */
export type Task = v.InferOutput<typeof taskSchema>;

/** The job for the queue. */
export function taskOf(job: PlannedJob, title: string, study: Study): Task {
  const { experiment, config, data, runs, seed, threads, search } = study;
  const within = (path: string): string => relative(resolve(runs), resolve(path));
  return {
    title,
    experiment: Object.hasOwn(presets, experiment) ? experiment : `./${within(experiment)}`,
    config: config && within(config),
    data: data && within(data),
    seed,
    threads,
    search,
    folder: within(job.folder),
  };
}

/** The job as a worker sees it, whose folder of runs may be elsewhere. @throws ValiError for a job of another version */
export function received(sent: unknown, runs: string): { study: Study; title: string; folder: string } {
  const { title, folder, ...task } = v.parse(taskSchema, sent);
  const here = (path: string): string => join(resolve(runs), path);
  const experiment = Object.hasOwn(presets, task.experiment) ? task.experiment : here(task.experiment);
  const [config, data] = [task.config, task.data].map((path) => path && here(path));
  return { study: { ...task, experiment, config, data, runs }, title, folder: here(folder) };
}
