import { writeSealed } from '@lea/core/node';
import type { Ready } from '../experiment/guidance.ts';
import { recordPath } from '../experiment/record.ts';

/**
 * Annotates the train rows, and writes a record when all of them are on disk. Runs read the annotation itself by the hash of
 * environment and questions; the record says that there is one, and how long it took.
 */
export async function annotateTrain(
  { folder, resolved }: { readonly folder: string; readonly resolved: object },
  annotate: () => Promise<Ready>,
): Promise<void> {
  const started = performance.now();
  const { annotation } = await annotate();
  const seconds = (performance.now() - started) / 1000;
  await writeSealed(recordPath(folder), { resolved, hash: annotation.hash, seconds });
}
