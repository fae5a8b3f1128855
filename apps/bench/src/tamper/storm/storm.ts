import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fold, type Key, uniform } from '@lea/core';
import { bench, start } from '../../testing/bench.ts';
import { startRedis } from '../../testing/redis.ts';
import { finishedOf } from '../experiment.ts';
import { differences, faultsOf, finishedJobs, remains } from './judge.ts';
import { studyFolder } from './study.ts';

export interface StormOptions {
  readonly seeds: number;
  /** Times a worker is killed. */
  readonly kills: number;
  /** Whether Redis is restarted without its data. */
  readonly loseData: boolean;
  readonly root: Key;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What a storm compared, and what went wrong. */
export interface Storm {
  /** Runs and baselines of the study. */
  readonly runs: number;
  /** Kills of workers that had a job. */
  readonly hits: number;
  readonly wrong: readonly string[];
}

const WORKERS = 3;
const PRODUCERS = 2;

/**
 * Does a study once in one process, and once with workers on a queue and two producers. Each kill of a worker is in one of equal
 * parts of the study, at a random number of finished jobs. Redis is killed in the middle.
 */
export async function storm({ seeds, kills, loseData, root, say, signal }: StormOptions): Promise<Storm> {
  const calm = studyFolder(seeds);
  const { code, stderr } = await bench(['run', 'mini.json'], calm);
  if (code !== 0) throw new Error(`The study in one process ended with code ${code}: ${stderr}`);
  const wanted = await finishedOf(calm);
  const jobs = finishedJobs(calm);
  say(`One process: ${jobs} jobs, of which ${wanted.size} are runs and baselines.`);

  const folder = studyFolder(seeds);
  const redis = await startRedis();
  const queue = ['--queue', `redis://127.0.0.1:${redis.port}`];
  const begin = (): ChildProcess => start(['worker', ...queue], folder).child;
  const workers = Array.from({ length: WORKERS }, begin);
  const producers = Array.from({ length: PRODUCERS }, () => start(['run', 'mini.json', ...queue, '--json'], folder));
  const stop = (): void => {
    for (const child of [...workers, ...producers.map(({ child }) => child)]) child.kill('SIGKILL');
  };
  signal.addEventListener('abort', stop, { once: true });
  let over = false;
  const ended = Promise.all(producers.map(({ ended }) => ended)).finally(() => {
    over = true;
  });
  const until = async (met: () => boolean): Promise<void> => {
    while (!over && !met()) await sleep(100);
  };
  const tell = (what: string): void => say(`  ${finishedJobs(folder)} of ${jobs} jobs finished: ${what}`);

  let hits = 0;
  for (let kill = 0; kill < kills; kill++) {
    const [when, which, late] = uniform(fold(root, kill), 3) as unknown as [number, number, number];
    await until(() => finishedJobs(folder) >= Math.floor(((kill + when) / kills) * (jobs - 1)));
    if (kill === Math.floor(kills / 2) && !over) {
      await redis.kill();
      await sleep(1000);
      await redis.restart(loseData);
      tell(`kill -9 of Redis, started again ${loseData ? 'without' : 'with'} its data`);
    }
    const victim = Math.floor(which * WORKERS);
    await until(() => hasChild(workers[victim]!));
    await sleep(2000 * late);
    // Its job may have ended meanwhile.
    await until(() => hasChild(workers[victim]!));
    if (over) break;
    const hit = hasChild(workers[victim]!);
    if (hit) hits++;
    workers[victim]!.kill('SIGKILL');
    workers[victim] = begin();
    tell(`kill -9 of worker ${victim + 1}${hit ? '' : ', which had no job'}`);
  }
  const ends = await ended;
  signal.removeEventListener('abort', stop);
  stop();
  await redis.remove();

  const wrong = [
    ...(signal.aborted ? ['the time was over'] : ends.flatMap((end) => faultsOf(end, wanted.size))),
    ...differences(wanted, await finishedOf(folder)),
    ...(signal.aborted ? [] : remains(folder)),
  ];
  if (wrong.length === 0) for (const path of [calm, folder]) rmSync(path, { recursive: true });
  else say(`Kept for a look: ${calm}, ${folder}`);
  return { runs: wanted.size, hits, wrong };
}

/** Whether a worker has a job: a child process. */
function hasChild({ pid }: ChildProcess): boolean {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') !== '';
  } catch {
    return false;
  }
}
