import { join } from 'node:path';
import { evaluate } from '@lea/eval';
import { fuse } from '@lea/train';
import { validationMetric } from '../config/metrics.ts';
import type { Context } from './context.ts';
import { finishedPolicy } from './finished-scorer.ts';
import { follow } from './follow.ts';
import { measuredLists } from './lists.ts';
import type { RunJob } from './plan.ts';
import { baseRecord, type FinishedRun, loadRun, type RunRecord, saveRun } from './record.ts';
import { servingOf } from './serving.ts';

/** Gives the trained network of another run a memory, ranks the test events and saves the outcome. */
export async function runFused(job: RunJob, network: RunJob, context: Context): Promise<FinishedRun> {
  const { experiment, split, threads, progress, signal } = context;
  const { fusion: form = 'after', ...options } = job.config.memory!;
  progress.at({ step: 0, stage: 'counting' });
  const { memory, seconds } = await context.memory(options);
  const trained = (await loadRun(network))!.record;
  const started = performance.now();
  const bare = await finishedPolicy(network, trained, threads);
  // The config check rejects fusion "joint" for a trained network.
  const fused = await follow(
    fuse(bare, memory, split.validation, {
      form: form as 'after' | 'mixture',
      metric: validationMetric(experiment.runs),
      exclude: experiment.exclude,
      signal,
      threads,
    }),
    context,
  );
  const { policy, fusion, value, curve } = fused;
  try {
    const evaluation = await evaluate({ ...policy, name: job.name }, split.test, {
      ks: experiment.ks,
      exclude: experiment.exclude,
      signal,
    });
    await policy.save(join(job.folder, 'policy'));
    const record: RunRecord = {
      ...baseRecord(job, context, evaluation, policy.agent.rankingHead),
      threads,
      seconds: (performance.now() - started) / 1000,
      weightsHash: trained.weightsHash,
      validation: value,
      memory: { hash: memory.hash, seconds, fusion, curve },
      ...(await measuredLists({ ...policy, name: job.name }, context)),
      serving: await servingOf(policy, split.test),
      ...(trained.environment && { environment: trained.environment }),
    };
    await saveRun(job.folder, record, evaluation);
    return { record, evaluation, fresh: true };
  } finally {
    await bare.dispose();
    await policy.dispose();
  }
}
