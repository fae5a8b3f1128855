import { hostname } from 'node:os';
import type { Job } from 'bullmq';
import { lockFolder } from '../experiment/lock.ts';
import { attempt } from '../jobs/attempt.ts';
import { isFinished } from '../jobs/graph.ts';
import type { Board } from '../terminal/board.ts';
import type { Address } from './address.ts';
import { queueName } from './name.ts';
import { closeRedis, openRedis, reasonOf } from './redis.ts';
import { received, type Study, type Task } from './task.ts';

export interface ServeOptions {
  readonly runs: string;
  /** The command that does a job of a study. */
  readonly wordsOf: (id: string, study: Study) => readonly string[];
  readonly board: Board;
  readonly signal: AbortSignal;
}

/** What a worker says of a folder that it is the first one to use, which may be a mistyped one. */
const newTo = {
  folder: (runs: string) => `The folder of runs did not exist and is made: ${runs}.`,
  queue: (runs: string) => `No queue has been used for this folder of runs before: ${runs}.`,
} as const;

/** Milliseconds after which a job without a sign of life from its worker goes to another one. */
const LOCK = 15_000;
/** Milliseconds between two searches for such jobs. */
const SEARCH = 10_000;
/** So many workers may die over a job before it counts as failed. */
const DEATHS = 10;
/** Milliseconds until a job is tried again that another process works on. */
const LATER = 10_000;

/**
 * Takes jobs from the queue of a folder of runs, one at a time, and does each in a child process, until the signal aborts. The
 * child then saves, and its job goes back to the queue. Workers may begin before there is anything to do, so a folder that is
 * missing is made.
 *
 * @throws the signal's reason; LeaError `E_PEER_MISSING`, `E_QUEUE_CONNECTION`, `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function serve(address: Address, { runs, wordsOf, board, signal }: ServeOptions): Promise<never> {
  const { bullmq, client } = await openRedis(address, true);
  // Only now, so that a failed connection leaves nothing in the folder.
  const { name, isNew } = await queueName(runs).catch((error: unknown) => {
    client.disconnect();
    throw error;
  });
  const { DelayedError, WaitingError, Worker } = bullmq;

  let child: Promise<unknown> = Promise.resolve();
  const work = async (job: Job<Task>, token?: string): Promise<void> => {
    const { study, title, folder } = received(job.data, runs);
    // The folder of runs decides. A notice that came twice, or too late, changes nothing.
    if (isFinished({ folder })) return;
    const later = async (): Promise<never> => {
      await job.moveToDelayed(Date.now() + LATER, token);
      throw new DelayedError();
    };
    // A child that is refused would have read all data before.
    const lock = await lockFolder(folder);
    lock.release();
    if (lock.state === 'busy') await later();
    let last = `${title} ...`;
    const tell = (line: string): void => {
      last = line;
      board.show(job.id!, line);
      job.updateProgress(line).catch(() => {});
    };
    tell(last);
    const attempted = attempt(wordsOf(job.id!, study), {
      signal,
      onProgress: tell,
      onRestart: (by) => board.say(`${title}: its process was ended by ${by}. It is started once more.`),
    });
    child = attempted.catch(() => {});
    const reason = await attempted.catch(async (error: unknown) => {
      board.end(job.id!);
      if (!signal.aborted) throw error;
      await job.moveToWait(token);
      throw new WaitingError();
    });
    board.end(job.id!, reason === undefined ? last : undefined);
    if (reason === undefined) return;
    if (/^E_(RUNS_BUSY|JOB_WAITS):/.test(reason)) await later();
    board.say(`${title} failed: ${reason}`);
    throw new Error(reason);
  };

  const worker = new Worker<Task>(name, work, {
    connection: client,
    name: `${hostname()}:${process.pid}`,
    lockDuration: LOCK,
    stalledInterval: SEARCH,
    maxStalledCount: DEATHS,
  });
  let said = '';
  worker.on('error', (error) => {
    const reason = reasonOf(error);
    if (reason !== said && !signal.aborted) board.say(`Redis at ${address.shown}: ${reason}`);
    said = reason;
  });
  if (isNew) board.say(`${newTo[isNew](runs)} If run has another --runs, stop this worker and give it the same.`);
  board.say(`Waiting for jobs of ${runs} at ${address.shown}. Ctrl-C saves and ends.`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  // The worker takes no more jobs. If Redis is away, it gives this one to another worker when it is back.
  const closed = worker.close();
  await child;
  await closeRedis(client, () => closed);
  throw signal.reason;
}
