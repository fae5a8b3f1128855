import { readRecord } from '../experiment/intact.ts';
import { recordPath } from '../experiment/record.ts';
import { isFinished, isMeasured, type PlannedJob } from './graph.ts';

/**
 * Checks the records of those jobs that are finished, so that every command says the same of a damaged one.
 *
 * @throws LeaError `E_RUN_BROKEN` naming the folder to delete
 */
export async function checkRecords(jobs: readonly PlannedJob[]): Promise<void> {
  for (const job of jobs.filter(isFinished)) {
    // Nobody reads the records of annotations: they are found by the hash of what made them.
    if (job.kind === 'annotation' || job.kind === 'annotation part') continue;
    const about = isMeasured(job) || job.kind === 'trial' ? { id: job.id } : {};
    await readRecord<{ id: string }>(recordPath(job.folder), about);
  }
}
