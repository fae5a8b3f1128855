import { globSync } from 'node:fs';
import { join } from 'node:path';
import type { Ended } from '../../testing/bench.ts';

/** What is wrong with the end of a producer: its exit code, or a run that it did not tell exactly once. */
export function faultsOf({ code, stdout, stderr }: Ended, runs: number): string[] {
  if (code !== 0) return [`a producer ended with code ${code}: ${stderr.trim().split('\n').at(-1)}`];
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  if (ids.length === runs && new Set(ids).size === runs) return [];
  return [`a producer told ${ids.length} runs, ${new Set(ids).size} of them different, instead of ${runs}`];
}

/** How the finished runs of one folder differ from those of another, by id. */
export function differences(wanted: ReadonlyMap<string, string>, got: ReadonlyMap<string, string>): string[] {
  return [
    ...[...wanted].flatMap(([id, said]) => {
      if (!got.has(id)) return [`${id} is missing`];
      return got.get(id) === said ? [] : [`${id} has another record`];
    }),
    ...[...got.keys()].flatMap((id) => (wanted.has(id) ? [] : [`${id} is too much`])),
  ];
}

/** Number of finished jobs of a study. */
export function finishedJobs(folder: string): number {
  return globSync('runs/mini/**/record.json', { cwd: folder }).length;
}

/** Temporary files that were left behind. */
export function remains(folder: string): string[] {
  return globSync('runs/**/*.tmp', { cwd: folder }).map((path) => `left behind: ${join(folder, path)}`);
}
