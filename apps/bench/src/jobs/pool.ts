import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { lockFolder } from '../experiment/lock.ts';
import { counted } from '../terminal/counted.ts';
import { describeFailure } from '../terminal/failure.ts';
import { attempt } from './attempt.ts';
import { type Crew, type Duty, type Failure, longestFirst, READS_FAILED } from './crew.ts';
import type { PlannedJob } from './graph.ts';

export interface PoolOptions extends Omit<Duty, 'threads'> {
  /** Number of processes at a time. */
  readonly size: number;
  /** The command that does a job. */
  readonly wordsOf: (job: PlannedJob) => readonly string[];
}

/** Milliseconds between two looks at the lock of a job that another process does. */
const LOOK = 1000;

/** The number of processes whose threads fit on the cores, at least one and at most as many as asked for. */
export function poolSize(asked: number, threads: number, cores: number): number {
  return Math.max(1, Math.min(asked, Math.floor(cores / threads)));
}

/** Child processes of this one, as many at a time as asked for and as their threads fit on the cores. */
export function poolCrew(asked: number, wordsOf: PoolOptions['wordsOf']): Crew {
  return (jobs, { threads, ...duty }) => {
    const cores = availableParallelism();
    const size = poolSize(asked, threads, cores);
    if (size < asked) {
      duty.board.say(
        `${size} at a time instead of ${asked}, because each job has ${counted(threads, 'thread')} and there are ${counted(cores, 'core')}.` +
          (threads > 1 ? ` With --threads 1 there are ${poolSize(asked, 1, cores)}.` : ''),
      );
    }
    return workInPool(jobs, { ...duty, size, wordsOf });
  };
}

/**
 * Does jobs in child processes, each when the jobs that it reads are finished. A job that fails does not end the others. One that
 * a process outside of this pool does is waited for; other jobs go on meanwhile.
 *
 * @param jobs each after those that it reads
 * @returns the jobs that failed, and those that wait for them
 * @throws the signal's reason when it aborts, after all children have ended
 */
export async function workInPool(jobs: readonly PlannedJob[], options: PoolOptions): Promise<Failure[]> {
  const { size, wordsOf, titleOf, board, signal, onFinished } = options;
  const limit = pLimit(size);
  const failures: Failure[] = [];
  const fail = (job: PlannedJob, reason: string): false => {
    failures.push({ job, reason });
    board.say(`${titleOf(job)} failed: ${reason}`);
    return false;
  };
  const numbers = new Map<PlannedJob, number>();
  const work = async (job: PlannedJob): Promise<boolean | 'busy'> => {
    if (signal.aborted) return false;
    const number = numbers.get(job) ?? numbers.size + 1;
    numbers.set(job, number);
    const label = `[${number}/${jobs.length}]`;
    board.show(job.id, `${label} ${titleOf(job)} ...`);
    let last: string | undefined;
    try {
      const reason = await attempt(wordsOf(job), {
        signal,
        onProgress(line) {
          last = `${label} ${line}`;
          board.show(job.id, last);
        },
        onRestart: (by) => board.say(`${titleOf(job)}: its process was ended by ${by}. It is started once more.`),
      });
      board.end(job.id, reason === undefined ? last : undefined);
      if (reason?.startsWith('E_RUNS_BUSY:')) return 'busy';
      if (reason !== undefined) return fail(job, reason);
      await onFinished(job);
      return true;
    } catch (error) {
      board.end(job.id);
      return signal.aborted ? false : fail(job, describeFailure(error, false));
    }
  };
  const workUntilDone = async (job: PlannedJob): Promise<boolean> => {
    let done = await limit(() => work(job));
    while (done === 'busy') {
      board.say(`${titleOf(job)}: another process does it, and is waited for.`);
      // If the wait fails, the next child says why.
      await untilFree(job.folder, signal).catch(() => {});
      done = await limit(() => work(job));
    }
    return done;
  };
  const ended = new Map<string, Promise<boolean>>();
  for (const job of longestFirst(jobs)) {
    const read = Promise.all(job.after.map(({ id }) => ended.get(id) ?? true));
    const done = read.then((fine) => {
      if (fine.every(Boolean)) return workUntilDone(job);
      return signal.aborted ? false : fail(job, READS_FAILED);
    });
    ended.set(job.id, done);
  }
  await Promise.all(ended.values());
  signal.throwIfAborted();
  return failures;
}

/** Waits while another process has the lock of a job. The next child finds its record, or goes on where that one ended. */
async function untilFree(folder: string, signal: AbortSignal): Promise<void> {
  for (let state = 'busy'; state === 'busy'; ) {
    await sleep(LOOK, undefined, { signal });
    const lock = await lockFolder(folder);
    lock.release();
    state = lock.state;
  }
}
