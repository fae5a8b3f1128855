import { evaluate } from '@lea/eval';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { measuredLists } from './lists.ts';
import { runMemory } from './memory-alone.ts';
import type { BaselineJob } from './plan.ts';
import { baseRecord, type FinishedRun, saveRun } from './record.ts';
import { servingOfScorer } from './serving.ts';
import { tunedBaseline } from './tuning.ts';

/** Counts, ranks the test events and saves the outcome. */
export async function runBaseline(job: BaselineJob, context: Context): Promise<FinishedRun> {
  if (job.config.type === 'counting-memory') return runMemory(job, job.config, context);
  const { signal, experiment, split } = context;
  const started = performance.now();
  const { config, scorer, trials } = await tunedBaseline(job.config, context);
  const evaluation = await follow(
    evaluate(scorer, split.test, { ks: experiment.ks, exclude: experiment.exclude, signal }),
    context,
  );
  const seconds = (performance.now() - started) / 1000;
  const record = {
    ...baseRecord(job, context, evaluation),
    threads: 1,
    seconds,
    weightsHash: null,
    baseline: config,
    ...(trials.length > 0 && { tuning: trials }),
    ...(await measuredLists(scorer, context)),
    serving: await servingOfScorer(scorer, split.test),
  };
  await saveRun(job.folder, record, evaluation);
  return { record, evaluation, fresh: true };
}
