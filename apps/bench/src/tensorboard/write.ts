import { basename, join } from 'node:path';
import { replaceFile } from '@lea/core/node';
import { runFolders } from '../experiment/run-folders.ts';
import { eventFile } from './event-file.ts';
import { curvesOf } from './scalars.ts';

/** The name of every file: TensorBoard reads files with `tfevents` in their names. */
const FILE = 'events.out.tfevents.lea';

/**
 * Writes a TensorBoard event file for each run and baseline of a folder of runs, finished or not. Files of an earlier export are
 * replaced.
 *
 * @param runs the folder of all experiments, or that of one of them
 * @param out folder of the event files; each run has a folder in it, named as in `runs`
 * @returns the number of files
 * @throws LeaError `E_RUNS_UNFINISHED`, `E_RUN_BROKEN`, `E_FILE_WRITE`, `E_DISK_FULL`
 */
export async function writeEventFiles(runs: string, out: string): Promise<number> {
  const folders = await runFolders(runs);
  for (const folder of folders) {
    const { scalars, began } = await curvesOf(join(runs, folder), basename(folder));
    await replaceFile(join(out, folder, FILE), eventFile(scalars, began));
  }
  return folders.length;
}
