import { glob, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { LeaError } from '@lea/core';

/** Folders, as paths relative to the one that was searched, in alphabetical order. */
export interface RunFolders {
  /** Of runs and baselines, finished or begun. */
  readonly runs: readonly string[];
  /** Of the trials of a search, finished or begun. */
  readonly trials: readonly string[];
}

/**
 * The folders of runs, baselines and trials in a folder and in its subfolders.
 *
 * @param dir the folder of all experiments, that of one of them, or that of its trials
 * @throws LeaError `E_RUNS_UNFINISHED` when there are none
 */
export async function runFolders(dir: string): Promise<RunFolders> {
  const places = ['*', '*/*'].flatMap((depth) => [`${depth}/record.json`, `${depth}/events.jsonl`]);
  const found = new Set<string>();
  for await (const path of glob(places, { cwd: dir })) found.add(dirname(path));
  const folders: Record<'run' | 'trial', string[]> = { run: [], trial: [] };
  for (const folder of [...found].sort()) {
    const kind = await kindOf(resolve(dir, folder));
    if (kind) folders[kind].push(folder);
  }
  const { run: runs, trial: trials } = folders;
  if (runs.length + trials.length > 0) return { runs, trials };
  throw new LeaError('E_RUNS_UNFINISHED', 'The folder has no runs.', {
    value: dir,
    hint: 'Name the folder of --runs, which is "runs" by default, or that of one experiment in it.',
  });
}

/** What the folders in these folders of an experiment are of; in all others they are of runs. */
const inside: Readonly<Record<string, 'trial' | undefined>> = {
  search: 'trial',
  environments: undefined,
  language: undefined,
};

/** What a folder is of. A record that is not there yet, or cannot be read, says nothing, so that the place decides. */
async function kindOf(folder: string): Promise<'run' | 'trial' | undefined> {
  const place = basename(dirname(folder));
  const usual = Object.hasOwn(inside, place) ? inside[place] : 'run';
  try {
    const { kind } = JSON.parse(await readFile(join(folder, 'record.json'), 'utf8')) as { kind?: string };
    if (kind === 'trial') return 'trial';
    return kind === 'run' || kind === 'baseline' ? 'run' : undefined;
  } catch {
    return usual;
  }
}
