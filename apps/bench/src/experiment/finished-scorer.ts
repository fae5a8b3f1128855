import { join } from 'node:path';
import { loadPolicy, weightsHash } from '@lea/agents';
import type { Scorer } from '@lea/data';
import type { CountedBaseline, MemoryConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { broken, intact } from './intact.ts';
import type { Job } from './plan.ts';
import { loadRun } from './record.ts';
import { createScorers } from './scorers.ts';

/** Calls `use` with the model of a finished run or baseline: the saved policy, or the baseline with the constants of its record. */
export async function withFinished<T>(job: Job, context: Context, use: (scorer: Scorer) => Promise<T>): Promise<T> {
  const { record } = (await loadRun(job))!;
  if (job.kind === 'baseline') return use(await counted(job, record.baseline as CountedBaseline, context));
  const policy = await intact(job.folder, () => loadPolicy(join(job.folder, 'policy'), { threads: context.threads }));
  try {
    if (weightsHash(policy.params) !== record.weightsHash) {
      throw broken(job.folder, 'its policy is not that of its record');
    }
    return await use({ ...policy, name: job.name });
  } finally {
    await policy.dispose();
  }
}

async function counted(job: Job, constants: CountedBaseline, context: Context): Promise<Scorer> {
  if (job.kind !== 'baseline' || job.config.type !== 'counting-memory') return createScorers(context)(constants);
  const { type: _, ...options } = job.config;
  return { ...(await context.memory(options as MemoryConfig)).memory, name: job.name };
}
