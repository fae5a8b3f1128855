import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { Crew, Failure } from '../jobs/crew.ts';
import { READS_FAILED } from '../jobs/crew.ts';
import { isFinished, isMeasured, type PlannedJob } from '../jobs/graph.ts';
import { scoreOf } from '../jobs/work.ts';
import { describeFailure } from '../terminal/failure.ts';
import type { Address } from './address.ts';
import { queueName } from './name.ts';
import { sortOpen } from './ready.ts';
import { openRedis, reasonOf } from './redis.ts';
import { type Study, type Task, taskOf } from './task.ts';

/** Milliseconds between two looks at the folder of runs and at the queue. */
const LOOK = 1000;
/** Milliseconds after which a job is added once more, in case Redis has lost it. The queue takes no id twice. */
const AGAIN = 10_000;

/**
 * Workers that take jobs from a queue in Redis. What is finished is read from the folder of runs alone, so nothing is lost when
 * Redis loses its data: jobs that are missing there are added again.
 */
export function queueCrew(address: Address, study: Study): Crew {
  return async (jobs, { titleOf, board, signal, onFinished }) => {
    const { bullmq, connection } = await openRedis(address);
    const queue = new bullmq.Queue<Task>(await queueName(study.runs), { connection });
    // Failed commands say the same.
    queue.on('error', () => {});
    await queue.waitUntilReady();
    board.say(`${jobs.length} jobs for the workers at ${address.shown}.`);

    const failures = new Map<PlannedJob, string>();
    const open = new Set(jobs);
    const fail = (job: PlannedJob, reason: string): void => {
      failures.set(job, reason);
      open.delete(job);
      board.end(job.id);
      board.say(`${titleOf(job)} failed: ${reason}`);
    };
    const labels = new Map<PlannedJob, string>();
    const label = (job: PlannedJob): string => {
      labels.set(job, labels.get(job) ?? `[${labels.size + 1}/${jobs.length}]`);
      return labels.get(job)!;
    };
    const lookAtFolder = async (): Promise<void> => {
      for (const job of open) {
        if (!isFinished(job)) continue;
        open.delete(job);
        try {
          await onFinished(job);
          board.end(job.id, `${label(job)} ${titleOf(job)}: ${isMeasured(job) ? await scoreOf(job) : 'saved'}`);
        } catch (error) {
          fail(job, describeFailure(error, false));
        }
      }
    };
    const added = new Map<PlannedJob, number>();
    const add = async (): Promise<void> => {
      const { ready, lost } = sortOpen([...open], new Set([...failures.keys()].map(({ id }) => id)));
      for (const job of lost) fail(job, READS_FAILED);
      const now = Date.now();
      const due = ready.filter((job) => now - (added.get(job) ?? 0) >= AGAIN);
      await queue.addBulk(
        due.map((job) => ({
          name: job.kind,
          data: taskOf(job, titleOf(job), study),
          opts: { jobId: job.id, removeOnComplete: true },
        })),
      );
      for (const job of due) added.set(job, now);
    };
    const lookAtQueue = async (): Promise<void> => {
      const byId = new Map([...open].map((job) => [job.id, job]));
      for (const { id, failedReason } of await queue.getJobs(['failed'])) {
        const job = byId.get(id!);
        if (job && !isFinished(job)) fail(job, failedReason ?? 'unknown');
      }
      for (const { id, progress } of await queue.getJobs(['active'])) {
        const job = byId.get(id!);
        if (job && open.has(job))
          board.show(job.id, `${label(job)} ${typeof progress === 'string' ? progress : `${titleOf(job)} ...`}`);
      }
    };

    let away = false;
    try {
      await forget(queue, jobs);
      for (;;) {
        await lookAtFolder();
        try {
          await add();
          await lookAtQueue();
          if (away) board.say(`Redis at ${address.shown} answers again.`);
          away = false;
        } catch (error) {
          if (!away) board.say(`Redis at ${address.shown} does not answer: ${reasonOf(error)}. Waiting for it.`);
          away = true;
        }
        if (open.size === 0) break;
        await sleep(LOOK, undefined, { signal });
      }
    } finally {
      if (signal.aborted) board.say('The queue stays, and workers go on with the jobs that are in it.');
      await queue.close();
    }
    return jobs.flatMap((job): Failure[] => (failures.has(job) ? [{ job, reason: failures.get(job)! }] : []));
  };
}

/** Removes the failures of earlier attempts, so that these jobs are done again. */
async function forget(queue: Queue<Task>, jobs: readonly PlannedJob[]): Promise<void> {
  const ids = new Set(jobs.map(({ id }) => id));
  for (const job of await queue.getJobs(['failed'])) if (ids.has(job.id!)) await job.remove();
}
