import { join } from 'node:path';
import { isFinished } from '../jobs/graph.ts';
import type { Address } from './address.ts';
import { knownQueueName } from './name.ts';
import { checkRedis, withQueue } from './open.ts';

/** A job that a worker does, or that failed. */
export interface StatusRow {
  readonly id: string;
  readonly title: string;
  readonly state: 'running' | 'failed';
  /** Host and process of the worker. */
  readonly worker: string | null;
  /** Seconds since the worker began. */
  readonly seconds: number | null;
  /** The newest line of progress, or the error. */
  readonly said: string;
}

/** The state of a queue. */
export interface Status {
  /** Whether a worker or a run has used a queue for this folder of runs. */
  readonly isUsed: boolean;
  readonly workers: number;
  readonly running: number;
  /** Jobs that a worker could begin. */
  readonly waiting: number;
  /** Jobs that another process works on, which are tried again. */
  readonly delayed: number;
  /** Jobs that failed and are not finished by now. */
  readonly failed: number;
  readonly jobs: readonly StatusRow[];
}

const UNUSED: Status = { isUsed: false, workers: 0, running: 0, waiting: 0, delayed: 0, failed: 0, jobs: [] };

/**
 * Reads the state of the queue of a folder of runs, and writes nothing.
 *
 * @throws LeaError `E_RUNS_MISSING`, `E_PEER_MISSING`, `E_QUEUE_CONNECTION`
 */
export async function statusOf(address: Address, runs: string, now: number = Date.now()): Promise<Status> {
  const name = await knownQueueName(runs);
  if (name === undefined) {
    await checkRedis(address);
    return UNUSED;
  }
  return withQueue(
    address,
    async () => name,
    async (queue) => {
      const [active, all, counts, workers] = await Promise.all([
        queue.getJobs(['active']),
        queue.getJobs(['failed']),
        queue.getJobCounts('waiting', 'delayed'),
        queue.getWorkersCount(),
      ]);
      // Somebody may have done a failed job again, for instance with the command work.
      const failed = all.filter(({ data }) => !isFinished({ folder: join(runs, data.folder) }));
      const rowOf =
        (state: StatusRow['state']) =>
        ({
          id,
          data,
          processedBy,
          processedOn,
          finishedOn,
          progress,
          failedReason,
        }: (typeof active)[number]): StatusRow => ({
          id: id!,
          title: data.title,
          state,
          worker: processedBy ?? null,
          seconds: processedOn === undefined ? null : ((finishedOn ?? now) - processedOn) / 1000,
          said: failedReason ?? (typeof progress === 'string' ? progress : ''),
        });
      return {
        isUsed: true,
        workers,
        running: active.length,
        waiting: counts.waiting ?? 0,
        delayed: counts.delayed ?? 0,
        failed: failed.length,
        jobs: [...active.map(rowOf('running')), ...failed.map(rowOf('failed'))],
      };
    },
  );
}
