import { join } from 'node:path';
import { loadPolicy, type Policy, weightsHash } from '@lea/agents';
import type { Scorer } from '@lea/data';
import type { CountedBaseline, MemoryConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { broken, intact } from './intact.ts';
import type { Job } from './plan.ts';
import { loadRun, type RunRecord } from './record.ts';
import { createScorers } from './scorers.ts';

/**
 * The saved policy of a finished run. The caller disposes it.
 *
 * @throws LeaError `E_RUN_BROKEN`
 */
export async function finishedPolicy(
  { folder }: Pick<Job, 'folder'>,
  { weightsHash: hash }: Pick<RunRecord, 'weightsHash'>,
  threads: number,
): Promise<Policy> {
  const policy = await intact(folder, () => loadPolicy(join(folder, 'policy'), { threads }));
  if (weightsHash(policy.params) === hash) return policy;
  await policy.dispose();
  throw broken(folder, 'its policy is not that of its record');
}

/**
 * Calls `use` with the model of a finished run or baseline: the saved policy, or the baseline with the constants of its record.
 */
export async function withFinished<T>(job: Job, context: Context, use: (scorer: Scorer) => Promise<T>): Promise<T> {
  const { record } = (await loadRun(job))!;
  if (job.kind === 'baseline') return use(await counted(job, record.baseline as CountedBaseline, context));
  const policy = await finishedPolicy(job, record, context.threads);
  try {
    return await use({ ...policy, name: job.name });
  } finally {
    await policy.dispose();
  }
}

async function counted(job: Job, constants: CountedBaseline, context: Context): Promise<Scorer> {
  if (job.kind !== 'baseline' || job.config.type !== 'counting-memory') return createScorers(context)(constants);
  const { type: _, name: __, ...options } = job.config;
  return { ...(await context.memory(options as MemoryConfig)).memory, name: job.name };
}
