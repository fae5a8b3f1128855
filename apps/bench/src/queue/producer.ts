import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { Crew } from '../jobs/crew.ts';
import type { PlannedJob } from '../jobs/graph.ts';
import { counted } from '../terminal/counted.ts';
import type { Address } from './address.ts';
import { createLedger } from './ledger.ts';
import { queueName } from './name.ts';
import { withQueue } from './open.ts';
import { reasonOf } from './redis.ts';
import { type Study, type Task, taskOf } from './task.ts';

/** Milliseconds between two looks at the folder of runs and at the queue. */
const LOOK = 1000;
/** Milliseconds after which a job is added once more, in case Redis has lost it. The queue takes no id twice. */
const AGAIN = 10_000;

/**
 * Workers that take jobs from a queue in Redis. What is finished is read from the folder of runs alone, so nothing is lost when
 * Redis loses its data: jobs that are missing there are added again.
 *
 * It throws, besides the signal's reason, LeaError `E_PEER_MISSING` and `E_QUEUE_CONNECTION`.
 */
export function queueCrew(address: Address, study: Study): Crew {
  return async (jobs, { titleOf, board, signal, onFinished }) =>
    withQueue(
      address,
      async () => (await queueName(study.runs)).name,
      async (queue) => {
        board.say(`${counted(jobs.length, 'job')} for the workers at ${address.shown}.`);

        const ledger = createLedger(jobs, { titleOf, board, onFinished });
        const begin = async (): Promise<void> => {
          await forgetFailures(queue, jobs, study);
          if ((await queue.getWorkersCount()) > 0) return;
          board.say('No worker is there yet. Start some with the command worker, for the same folder of runs.');
        };
        const added = new Map<PlannedJob, number>();
        const add = async (): Promise<void> => {
          const now = Date.now();
          const due = ledger.ready().filter((job) => now - (added.get(job) ?? 0) >= AGAIN);
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
          for (const { id, failedReason } of await queue.getJobs(['failed'])) ledger.fail(id!, failedReason);
          for (const { id, progress } of await queue.getJobs(['active'])) {
            ledger.show(id!, typeof progress === 'string' ? progress : undefined);
          }
        };

        let [begun, away] = [false, false];
        try {
          while (true) {
            await ledger.lookAtFolder();
            try {
              if (!begun) await begin();
              begun = true;
              await add();
              await lookAtQueue();
              if (away) board.say(`Redis at ${address.shown} answers again.`);
              away = false;
            } catch (error) {
              if (!away) board.say(`Redis at ${address.shown} does not answer: ${reasonOf(error)}. Waiting for it.`);
              away = true;
            }
            if (ledger.isDone()) return ledger.failures();
            await sleep(LOOK, undefined, { signal });
          }
        } finally {
          if (signal.aborted) board.say('The queue stays, and workers go on with the jobs that are in it.');
        }
      },
    );
}

/**
 * Removes the failures of earlier attempts, so that these jobs are done again, and those of jobs that the same command had before
 * its config was edited, which nobody will do again.
 */
export async function forgetFailures(
  queue: Pick<Queue<Task>, 'getJobs' | 'remove'>,
  jobs: readonly PlannedJob[],
  study: Study,
): Promise<void> {
  const ids = new Set(jobs.map(({ id }) => id));
  const own = commandOf(taskOf(jobs[0]!, '', study));
  for (const { id, data } of await queue.getJobs(['failed'])) {
    if (ids.has(id!) || commandOf(data) === own) await queue.remove(id!);
  }
}

/** What the jobs of one command have in common, whatever its config is by now. */
function commandOf({ experiment, data, seed, threads, search }: Task): string {
  return JSON.stringify([experiment, data, seed, threads, search ?? false]);
}
