import { basename, join } from 'node:path';
import { LeaError } from '@lea/core';
import { replaceFile } from '@lea/core/node';
import { runFolders } from '../experiment/run-folders.ts';
import { eventFile } from './event-file.ts';
import { curvesOf } from './scalars.ts';

/** The name of every file: TensorBoard reads files with `tfevents` in their names. */
const FILE = 'events.out.tfevents.lea';

/** What was written: so many files, each of a run, or each of a trial. */
export interface Written {
  readonly count: number;
  readonly of: 'run' | 'trial';
}

/**
 * Writes a TensorBoard event file for each run and baseline of a folder of runs, finished or not. In a folder that has only
 * trials of a search, it writes one for each of them. Files of an earlier export are replaced.
 *
 * @param runs the folder of all experiments, or that of one of them, or that of its trials
 * @param out folder of the event files; each run has a folder in it, named as in `runs`
 * @param ids of the runs and baselines to write; without them all are written
 * @throws LeaError `E_RUNS_UNFINISHED`, `E_RUN_BROKEN`, `E_FILE_WRITE`, `E_DISK_FULL`
 */
export async function writeEventFiles(runs: string, out: string, ids?: ReadonlySet<string>): Promise<Written> {
  const found = await runFolders(runs);
  const of = found.runs.length > 0 || ids ? 'run' : 'trial';
  const folders = found[`${of}s`].filter((folder) => !ids || ids.has(basename(folder)));
  if (folders.length === 0) {
    throw new LeaError('E_RUNS_UNFINISHED', 'The folder has no runs of this experiment.', {
      value: runs,
      hint: 'Give the same config, --runs, --data, --seed and --threads as to the command run.',
    });
  }
  for (const folder of folders) {
    const { scalars, began } = await curvesOf(join(runs, folder), basename(folder), of);
    await replaceFile(join(out, folder, FILE), eventFile(scalars, began));
  }
  return { count: folders.length, of };
}
