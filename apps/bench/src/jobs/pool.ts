import pLimit from 'p-limit';
import type { Board } from '../terminal/board.ts';
import { describeFailure } from '../terminal/failure.ts';
import { runChild } from './child.ts';
import type { PlannedJob } from './graph.ts';

/** A job that was not finished, and why. */
export interface Failure {
  readonly job: PlannedJob;
  readonly reason: string;
}

export interface PoolOptions {
  /** Number of processes at a time. */
  readonly size: number;
  /** The command that does a job. */
  readonly wordsOf: (job: PlannedJob) => readonly string[];
  readonly titleOf: (job: PlannedJob) => string;
  readonly board: Board;
  readonly signal: AbortSignal;
  readonly onFinished: (job: PlannedJob) => Promise<void>;
}

/** The number of processes whose threads fit on the cores, at least one and at most as many as asked for. */
export function poolSize(asked: number, threads: number, cores: number): number {
  return Math.max(1, Math.min(asked, Math.floor(cores / threads)));
}

/**
 * Does jobs in child processes, each when the jobs that it reads are finished. A job that fails does not end the others. A child
 * that was killed, for instance because memory ran out, is started once more.
 *
 * @param jobs each after those that it reads
 * @returns the jobs that failed, and those that wait for them
 * @throws the signal's reason when it aborts, after all children have ended
 */
export async function workInPool(jobs: readonly PlannedJob[], options: PoolOptions): Promise<Failure[]> {
  const { size, titleOf, board, signal, onFinished } = options;
  const limit = pLimit(size);
  const failures: Failure[] = [];
  const fail = (job: PlannedJob, reason: string): false => {
    failures.push({ job, reason });
    board.say(`${titleOf(job)} failed: ${reason}`);
    return false;
  };
  let begun = 0;
  const attempt = async (job: PlannedJob): Promise<boolean> => {
    const label = `[${++begun}/${jobs.length}]`;
    for (let left = 2; left > 0 && !signal.aborted; left--) {
      const { code, by, said } = await worked(job, label, options);
      if (code === 0) {
        const broken = await onFinished(job).then(
          () => undefined,
          (error: unknown) => describeFailure(error, false),
        );
        return broken === undefined || fail(job, broken);
      }
      if (signal.aborted) break;
      if (by === null) return fail(job, said ?? `its process ended with code ${code}`);
      if (left === 1) return fail(job, `its process was ended by ${by}, twice. Memory may be short: use fewer --jobs.`);
      board.say(`${titleOf(job)}: its process was ended by ${by}. It is started once more.`);
    }
    return false;
  };
  const ended = new Map<string, Promise<boolean>>();
  for (const job of longestFirst(jobs)) {
    const read = Promise.all(job.after.map(({ id }) => ended.get(id) ?? true));
    const done = read.then((fine) => {
      if (fine.every(Boolean)) return limit(() => attempt(job));
      return signal.aborted ? false : fail(job, 'it reads the result of a job that failed');
    });
    ended.set(job.id, done);
  }
  await Promise.all(ended.values());
  signal.throwIfAborted();
  return failures;
}

/** Does a job in a child. @returns how the child ended, with the last line that it said if it failed */
async function worked(
  job: PlannedJob,
  label: string,
  { wordsOf, titleOf, board, signal }: PoolOptions,
): Promise<{ code: number | null; by: string | null; said?: string | undefined }> {
  board.show(job.id, `${label} ${titleOf(job)} ...`);
  let last: string | undefined;
  let said: string | undefined;
  const { code, by } = await runChild(wordsOf(job), signal, (line) => {
    // The child counts its only job.
    const own = line.startsWith('[1/1] ') ? line.slice('[1/1] '.length) : undefined;
    if (own !== undefined) {
      last = `${label} ${own}`;
      board.show(job.id, last);
    } else if (/^\S/.test(line)) said = line;
  });
  board.end(job.id, code === 0 ? last : undefined);
  return { code, by, said };
}

/** Jobs with the longest chain of others that wait for them come first; so each still comes after those that it reads. */
function longestFirst(jobs: readonly PlannedJob[]): PlannedJob[] {
  const chain = new Map<PlannedJob, number>();
  for (const job of jobs.toReversed()) {
    const own = chain.get(job) ?? 0;
    chain.set(job, own);
    for (const read of job.after) chain.set(read, Math.max(chain.get(read) ?? 0, own + 1));
  }
  return jobs.toSorted((a, b) => chain.get(b)! - chain.get(a)!);
}
