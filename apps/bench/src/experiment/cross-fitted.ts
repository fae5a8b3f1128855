import { join } from 'node:path';
import { contentHash } from '@lea/core';
import type { Annotation } from '@lea/data';
import { type CrossFitOptions, crossFit } from '@lea/env';
import type { Context } from './context.ts';
import { type EnvironmentRecord, fitOptions, loadRecord, saveRecord } from './environment.ts';
import { follow } from './follow.ts';
import { broken } from './intact.ts';
import { languageOf } from './language.ts';
import { openLog } from './log.ts';
import type { EnvironmentJob } from './plan.ts';

/**
 * The annotation of the train rows by environments that were not fitted on their users. There is one record of all folds.
 * It tells no agreement with a world: none of these environments was fitted on all train users.
 */
export async function crossFitted(
  job: EnvironmentJob,
  options: Partial<CrossFitOptions>,
  context: Context,
): Promise<{ annotation: Annotation; record: EnvironmentRecord }> {
  const found = await loadRecord(job);
  const language = await languageOf(job.config, job.seed, context);
  const work = crossFit(fitOptions(job, language, context), { ...options, folds: job.config.folds });
  if (found) {
    const annotation = await follow(work, context);
    if (contentHash(annotation.environments) === found.hash) return { annotation, record: found };
    throw broken(job.folder, 'its environments are not those of its record');
  }
  const log = await openLog(join(job.folder, 'events.jsonl'));
  const stages: Record<string, unknown> = {};
  const annotation = await follow(work, context, stages, log.append);
  const record: EnvironmentRecord = {
    name: job.name,
    hash: contentHash(annotation.environments),
    config: job.resolved,
    seconds: language.seconds + log.seconds(),
    languageSeconds: language.seconds,
    stages: { ...language.stages, ...stages },
  };
  await saveRecord(job, record);
  return { annotation, record };
}
