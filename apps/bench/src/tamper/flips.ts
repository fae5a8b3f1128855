import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fold, type Key, LeaError, uniform } from '@lea/core';
import { outcomeOf, runsOf, smallFolder } from './experiment.ts';

/** How the trials ended, by what they came to. */
export type Counts = Record<string, number>;

/** A folder to damage, as a kill left it or not. */
interface State {
  readonly name: string;
  readonly folder: string;
}

/**
 * Flips one random bit of one random file under a runs folder, finished or half finished, and runs the same command again, so
 * many times. Nothing but the same outcome, or a named error, is right.
 *
 * @param report gets a line for each trial that went wrong
 */
export async function flips(trials: number, root: Key, report: (line: string) => void): Promise<Counts> {
  const finished = smallFolder();
  const wanted = await outcomeOf(finished);
  const states = await statesOf(finished);
  const counts: Counts = {};
  for (let trial = 0; trial < trials; trial++) {
    const [which, file, at, bit] = uniform(fold(root, trial), 4) as unknown as [number, number, number, number];
    const state = states[Math.floor(which * states.length)]!;
    const folder = copyOf(state.folder);
    const files = filesOf(folder);
    const path = files[Math.floor(file * files.length)]!;
    const flipped = flip(path, at, Math.floor(bit * 8));
    const ended = await outcomeOf(folder).then(
      (outcome) => {
        if (outcome !== wanted) return 'ANOTHER RESULT';
        return readFileSync(path).equals(flipped) ? 'the same result' : 'made again';
      },
      (error: unknown) => (error instanceof LeaError ? error.code : `UNNAMED: ${error}`),
    );
    counts[ended] = (counts[ended] ?? 0) + 1;
    if (isWrong(ended)) report(`trial ${trial}: ${ended}, ${state.name}, ${relative(folder, path)}`);
    rmSync(folder, { recursive: true });
  }
  for (const { folder } of states) rmSync(folder, { recursive: true });
  return counts;
}

/** Whether a trial must not end so. */
export function isWrong(ended: string): boolean {
  return ended.startsWith('ANOTHER') || ended.startsWith('UNNAMED');
}

/** A finished run, and copies of it that lack what a kill would have cut: the readers of everything else come to work. */
async function statesOf(finished: string): Promise<State[]> {
  const without = (name: string, lost: (path: string) => boolean): State => {
    const folder = copyOf(finished);
    for (const path of filesOf(folder)) if (lost(relative(runsOf(folder), path))) rmSync(path);
    return { name, folder };
  };
  return [
    { name: 'finished', folder: finished },
    without('fused run cut', (path) => /^memory-.*record\.json$/.test(path)),
    without('trained runs cut at their end', (path) => /^(language|folds|memory)-[^/]*.record\.json$/.test(path)),
    without(
      'environments cut at their end',
      (path) => /^environments\/[^/]*\/record\.json$/.test(path) || /^(language|folds)-[^/]*.record\.json$/.test(path),
    ),
    { name: 'cut in training', folder: await cutInTraining() },
  ];
}

/** Stopped on request, as soon as the run that is taught by the language has a checkpoint. */
async function cutInTraining(): Promise<string> {
  const folder = smallFolder();
  const controller = new AbortController();
  const ended = outcomeOf(folder, controller.signal).catch(() => {});
  while (!hasCheckpoint(folder)) await sleep(2);
  controller.abort(new Error('cut'));
  await ended;
  return folder;
}

function hasCheckpoint(folder: string): boolean {
  if (!existsSync(runsOf(folder))) return false;
  const run = readdirSync(runsOf(folder)).find((name) => name.startsWith('language-'));
  return run !== undefined && existsSync(join(runsOf(folder), run, 'checkpoint.safetensors'));
}

function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'lea-tamper-'));
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** Files with content under the runs of a folder, in the same order everywhere. */
function filesOf(folder: string): string[] {
  return (readdirSync(runsOf(folder), { recursive: true }) as string[])
    .map((name) => join(runsOf(folder), name))
    .filter((path) => statSync(path).isFile() && statSync(path).size > 0)
    .sort();
}

/** @param at where in the file, from 0 to 1 */
function flip(path: string, at: number, bit: number): Buffer {
  const bytes = readFileSync(path);
  bytes[Math.floor(at * bytes.length)]! ^= 1 << bit;
  writeFileSync(path, bytes);
  return bytes;
}
