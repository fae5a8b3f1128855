import { glob } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LeaError } from '@lea/core';

/**
 * The folders of runs and baselines, finished or begun, in alphabetical order.
 *
 * @param dir the folder of all experiments, or that of one of them
 * @returns paths relative to `dir`
 * @throws LeaError `E_RUNS_UNFINISHED` when there are none
 */
export async function runFolders(dir: string): Promise<string[]> {
  for (const depth of ['*', '*/*']) {
    const found = new Set<string>();
    for await (const path of glob([`${depth}/record.json`, `${depth}/events.jsonl`], { cwd: dir })) {
      found.add(dirname(path));
    }
    if (found.size > 0) return [...found].sort();
  }
  throw new LeaError('E_RUNS_UNFINISHED', 'The folder has no runs.', {
    value: dir,
    hint: 'Name the folder of --runs, which is "runs" by default, or that of one experiment in it.',
  });
}
