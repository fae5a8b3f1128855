import { join } from 'node:path';
import { contentHash } from '@lea/core';
import { type AnnotateOptions, type Annotation, crossFit } from '@lea/env';
import type { Context } from './context.ts';
import { type EnvironmentRecord, fitOptions, loadRecord, saveRecord } from './environment.ts';
import { follow } from './follow.ts';
import { languageOf } from './language.ts';
import { openLog } from './log.ts';
import type { EnvironmentJob } from './plan.ts';

/**
 * The annotation of the train rows by environments that were not fitted on their users, kept in the job's folder. Its record
 * is that of all environments; no single one was fitted on all train users, so there is none whose agreement with a world
 * could be measured.
 */
export async function crossFitted(
  job: EnvironmentJob,
  options: Partial<Omit<AnnotateOptions, 'states'>>,
  context: Context,
): Promise<{ annotation: Annotation; record: EnvironmentRecord }> {
  const { folds } = job.config;
  const found = await loadRecord(job);
  const language = await languageOf(job.config, job.seed, context);
  const work = crossFit(fitOptions(job, language, context), { ...options, folds, dir: job.folder });
  if (found) return { annotation: await follow(work, context), record: found };
  const log = await openLog(join(job.folder, 'events.jsonl'));
  const stages: Record<string, unknown> = {};
  const annotation = await follow(work, context, stages, log.append);
  const record: EnvironmentRecord = {
    name: job.name,
    hash: contentHash(annotation.environments),
    config: job.resolved,
    seconds: language.seconds + log.seconds(),
    stages: { ...language.stages, ...stages },
  };
  await saveRecord(job, record);
  return { annotation, record };
}
