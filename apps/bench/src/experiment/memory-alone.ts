import { evaluate } from '@lea/eval';
import type { BaselineConfig } from '../config/schema.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { measuredLists } from './lists.ts';
import type { BaselineJob } from './plan.ts';
import { baseRecord, type FinishedRun, type RunRecord, saveRun } from './record.ts';
import { servingOfScorer } from './serving.ts';

/** Ranks the test events by a counting memory alone, and saves the outcome. */
export async function runMemory(
  job: BaselineJob,
  { type, name: _, ...options }: Extract<BaselineConfig, { type: 'counting-memory' }>,
  context: Context,
): Promise<FinishedRun> {
  const { signal, experiment, split, threads } = context;
  const { memory, seconds } = await context.memory(options);
  const scorer = { ...memory, name: job.name };
  const started = performance.now();
  const evaluation = await follow(
    evaluate(scorer, split.test, { ks: experiment.ks, exclude: experiment.exclude, signal }),
    context,
  );
  const { gate, repeat, loss } = memory.config;
  const record: RunRecord = {
    ...baseRecord(job, context, evaluation),
    threads,
    seconds: seconds + (performance.now() - started) / 1000,
    weightsHash: null,
    baseline: { type, ...options, gate, repeat, loss },
    ...(await measuredLists(scorer, context)),
    serving: await servingOfScorer(scorer, split.test, memory),
  };
  await saveRun(job.folder, record, evaluation);
  return { record, evaluation, fresh: true };
}
