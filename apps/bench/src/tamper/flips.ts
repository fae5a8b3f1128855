import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fold, type Key, LeaError, uniform } from '@lea/core';
import { outcomeOf, runsOf, smallFolder } from './experiment.ts';

/** Number of trials by outcome. */
export type Counts = Record<string, number>;

/** A folder to damage: a finished run, or one that was interrupted. */
interface State {
  readonly name: string;
  readonly folder: string;
}

/**
 * Flips one random bit of one random file in a finished or interrupted runs folder, and runs the same command again. Correct
 * outcomes are the same result or a LeaError.
 *
 * @param trials number of repetitions
 * @param report receives a line for each trial with an incorrect outcome
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

/** Whether an outcome is incorrect. */
export function isWrong(ended: string): boolean {
  return ended.startsWith('ANOTHER') || ended.startsWith('UNNAMED');
}

/**
 * A finished run, and copies without the files that a kill would have prevented. The copies make the bench read all other
 * files.
 */
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

/** A folder whose experiment was stopped when the run "language" had a checkpoint. */
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

/** Non-empty files of the runs in a folder, sorted by path. */
function filesOf(folder: string): string[] {
  return (readdirSync(runsOf(folder), { recursive: true }) as string[])
    .map((name) => join(runsOf(folder), name))
    .filter((path) => statSync(path).isFile() && statSync(path).size > 0)
    .sort();
}

/** Flips a bit of a file. @param at position in the file, from 0 to 1 */
function flip(path: string, at: number, bit: number): Buffer {
  const bytes = readFileSync(path);
  bytes[Math.floor(at * bytes.length)]! ^= 1 << bit;
  writeFileSync(path, bytes);
  return bytes;
}
