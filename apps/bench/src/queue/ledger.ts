import { type Duty, type Failure, READS_FAILED } from '../jobs/crew.ts';
import { isFinished, type PlannedJob } from '../jobs/graph.ts';
import { scoreOf } from '../jobs/work.ts';
import { describeFailure } from '../terminal/failure.ts';
import { sortOpen } from './ready.ts';

/** What a producer knows of its jobs, and shows of them. */
export interface Ledger {
  /** Takes the jobs that are finished by now off the list. */
  lookAtFolder(): Promise<void>;
  /** The jobs that can begin; those that read a failed one fail. */
  ready(): readonly PlannedJob[];
  /** Shows the progress of a job, unless it has ended or is another experiment's. */
  show(id: string, line: string | undefined): void;
  /** Ends a job as failed, with the same exceptions. */
  fail(id: string, reason: string): void;
  /** Whether all jobs are finished or failed. */
  isDone(): boolean;
  failures(): Failure[];
}

/** @param jobs each after those that it reads */
export function createLedger(
  jobs: readonly PlannedJob[],
  { titleOf, board, onFinished }: Pick<Duty, 'titleOf' | 'board' | 'onFinished'>,
): Ledger {
  const open = new Map(jobs.map((job) => [job.id, job]));
  const reasons = new Map<string, string>();
  const numbers = new Map<string, number>();
  const label = ({ id }: PlannedJob): string => {
    numbers.set(id, numbers.get(id) ?? numbers.size + 1);
    return `[${numbers.get(id)}/${jobs.length}]`;
  };
  const fail = (job: PlannedJob, reason: string): void => {
    reasons.set(job.id, reason);
    open.delete(job.id);
    board.end(job.id);
    board.say(`${titleOf(job)} failed: ${reason}`);
  };
  return {
    async lookAtFolder() {
      for (const job of [...open.values()].filter(isFinished)) {
        open.delete(job.id);
        try {
          await onFinished(job);
          board.end(job.id, `${label(job)} ${titleOf(job)}: ${await scoreOf(job)}`);
        } catch (error) {
          fail(job, describeFailure(error, false));
        }
      }
    },
    ready() {
      const { ready, lost } = sortOpen([...open.values()], new Set(reasons.keys()));
      for (const job of lost) fail(job, READS_FAILED);
      return ready;
    },
    show(id, line) {
      const job = open.get(id);
      if (job) board.show(id, `${label(job)} ${line ?? `${titleOf(job)} ...`}`);
    },
    fail(id, reason) {
      const job = open.get(id);
      if (job && !isFinished(job)) fail(job, reason);
    },
    isDone: () => open.size === 0,
    failures: () => jobs.flatMap((job) => (reasons.has(job.id) ? [{ job, reason: reasons.get(job.id)! }] : [])),
  };
}
