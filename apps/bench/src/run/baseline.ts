import { evaluate } from '@lea/eval';
import type { Context } from './context.ts';
import type { BaselineJob } from './plan.ts';
import { baseRecord, type FinishedRun, saveRun } from './record.ts';
import { tunedBaseline } from './tuning.ts';

/** Counts, ranks the test events and saves the outcome. */
export async function runBaseline(job: BaselineJob, context: Context): Promise<FinishedRun> {
  const { progress, signal, experiment, split } = context;
  const started = performance.now();
  const { config, scorer, trials } = await tunedBaseline(job.config, context);
  const evaluation = await evaluate(scorer, split.test, {
    ks: experiment.ks,
    signal,
    onProgress: (step, total) => progress.at({ step, total }),
  });
  const record = {
    ...baseRecord(job, context, evaluation),
    threads: 1,
    seconds: (performance.now() - started) / 1000,
    weightsHash: null,
    baseline: config,
    ...(trials.length > 0 && { tuning: trials }),
  };
  await saveRun(job.folder, record, evaluation);
  return { record, evaluation, fresh: true };
}
