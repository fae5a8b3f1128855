import { defaultsOf } from '@lea/core';
import { writeSealed } from '@lea/core/node';
import { annotateSchema } from '@lea/env/measuring';
import type { EnvironmentConfig } from '../config/schema.ts';
import { recordPath } from '../experiment/record.ts';

/** Rows of a job by default, and of a file of an annotation. */
const [JOB_ROWS, FILE_ROWS] = [65_536, defaultsOf(annotateSchema).shardRows];

/** The number of jobs that share the annotation of these rows. */
export function partsOf(
  rows: number,
  { annotationRows = JOB_ROWS }: Pick<EnvironmentConfig, 'annotationRows'>,
): number {
  const filesPerJob = Math.ceil(annotationRows / FILE_ROWS);
  return Math.ceil(Math.ceil(rows / FILE_ROWS) / filesPerJob);
}

/**
 * Annotates train rows, all or a part of them, and writes a record when they are on disk. Runs read the annotation itself by the
 * hash of environment and questions; the record says that there is one, and how long it took.
 *
 * @param annotate returns the hash of a whole annotation, and nothing for a part
 */
export async function annotateTrain(
  { folder, resolved }: { readonly folder: string; readonly resolved: object },
  annotate: () => Promise<string | undefined>,
): Promise<void> {
  const started = performance.now();
  const hash = await annotate();
  const seconds = (performance.now() - started) / 1000;
  await writeSealed(recordPath(folder), { resolved, ...(hash && { hash }), seconds });
}
