import { join } from 'node:path';
import { contentHash } from '@lea/core';
import type { PlannedSearch } from './plan.ts';

/** The path of the file with the trials of a search. Another search of the same experiment has a file of its own. */
export function trialsPath({ plan, methods }: Pick<PlannedSearch, 'plan' | 'methods'>): string {
  const ids = methods.flatMap(({ rungs }) => rungs.flat()).map(({ id }) => id);
  return join(plan.folder, `trials-${contentHash(ids).slice(0, 10)}.jsonl`);
}
