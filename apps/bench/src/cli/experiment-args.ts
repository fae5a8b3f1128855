import { LeaError } from '@lea/core';
import { type Loaded, loadExperiment } from '../config/load.ts';
import { presets } from '../config/presets/index.ts';
import type { PlanOptions } from '../jobs/planned.ts';
import type { Study } from '../queue/task.ts';
import { folderOf, seedsOf, threadsArg, threadsOf } from '../terminal/flags.ts';

/** The arguments that say which experiment, for all commands that plan, do or collect its jobs. */
export const experimentArgs = {
  experiment: {
    type: 'positional',
    description: `A preset (${Object.keys(presets).join(', ')}) or a JSON config file`,
    default: 'quick',
  },
  data: { type: 'string', description: 'Folder that holds the data files', valueHint: 'DIR' },
  runs: {
    type: 'string',
    description: 'Folder where runs are saved and reused',
    valueHint: 'DIR',
    default: 'runs',
  },
  seed: {
    type: 'string',
    description: 'Seeds of the models, instead of those in the config: 1, or 0,1,2 for means',
    valueHint: 'N',
  },
  ...threadsArg,
} as const;

/** The argument of commands that list or do single jobs. */
export const searchArg = {
  search: { type: 'boolean', description: 'Use the trials of the search in the config instead of its runs' },
} as const;

/** The arguments that say how the results are told. */
export const outcomeArgs = {
  report: { type: 'string', description: 'File for the report', valueHint: 'FILE', default: 'report.html' },
  json: { type: 'boolean', description: 'Write only JSON to standard output, one line per finished run' },
} as const;

/** The argument of commands that may share the jobs out to child processes. */
export const jobsArg = {
  jobs: {
    type: 'string',
    description: 'Run N jobs at a time in child processes, at most as many as their threads fit on the cores',
    valueHint: 'N',
  },
} as const;

/** The argument that says where the queue is. */
export const queueArgs = {
  queue: {
    type: 'string',
    description: 'Redis server of the queue; with a password in the environment variable LEA_QUEUE',
    valueHint: 'redis://HOST:PORT',
  },
} as const;

/** Loads the experiment that the arguments name, with their seeds and threads. */
export async function givenExperiment({ experiment: target, config, seed, threads }: Study): Promise<Loaded> {
  const seeds = seed === undefined ? undefined : seedsOf(seed);
  const loaded = withThreads(await loadExperiment(target, config), threads);
  if (loaded.experiment.runs.length + loaded.experiment.baselines.length === 0) {
    throw new LeaError('E_CONFIG', `${loaded.origin}: there is nothing to run.`, {
      hint: 'Add runs or baselines to the config.',
    });
  }
  return seeds ? { ...loaded, experiment: { ...loaded.experiment, seeds } } : loaded;
}

/** The experiment with the threads of the flag, if there is one. @throws LeaError `E_FLAG_VALUE` */
export function withThreads(loaded: Loaded, threads: string | undefined): Loaded {
  if (threads === undefined) return loaded;
  return { ...loaded, experiment: { ...loaded.experiment, threads: threadsOf(threads) } };
}

/** Where the arguments say that data and runs are; progress is shown on standard error. @throws LeaError `E_FLAG_VALUE` */
export function planOptions({ data, runs }: Pick<Study, 'data' | 'runs'>, signal: AbortSignal): PlanOptions {
  return { data, runs: folderOf('runs', runs), out: process.stderr, signal };
}

/** The command that measures another config with the same folders and threads. */
export function runWords(experiment: string, { data, runs, threads }: Omit<Study, 'experiment'>): string[] {
  return [
    ...['run', experiment],
    ...(runs === experimentArgs.runs.default ? [] : ['--runs', runs]),
    ...(data === undefined ? [] : ['--data', data]),
    ...(threads === undefined ? [] : ['--threads', threads]),
  ];
}

/** The command that does one job of the experiment; off a terminal its progress is told less often. */
export function workWords(id: string, { experiment, config, data, runs, seed, threads, search }: Study): string[] {
  return [
    ...['work', experiment, '--run', id, '--runs', runs],
    ...(config === undefined ? [] : ['--config', config]),
    ...(data === undefined ? [] : ['--data', data]),
    ...(seed === undefined ? [] : ['--seed', seed]),
    ...(threads === undefined ? [] : ['--threads', threads]),
    ...(search ? ['--search'] : []),
    ...(process.stderr.isTTY ? ['--progress', '1'] : []),
  ];
}
