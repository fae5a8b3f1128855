import { LeaError } from '@lea/core';
import type { Crew } from '../jobs/crew.ts';
import { poolCrew } from '../jobs/pool.ts';
import { addressOf } from '../queue/address.ts';
import { queueCrew } from '../queue/producer.ts';
import type { Study } from '../queue/task.ts';
import { wholeOf } from '../terminal/flags.ts';
import { workWords } from './experiment-args.ts';

/** The processes that do the jobs, if it is not this one. A flag has precedence over LEA_QUEUE. */
export function crewOf(
  given: Study & { readonly jobs?: string | undefined; readonly queue?: string | undefined },
): Crew | undefined {
  if (given.jobs !== undefined && given.queue !== undefined) {
    throw new LeaError('E_FLAG_VALUE', 'Expected --jobs or --queue, not both.', {
      hint: 'With --queue the jobs are done by processes of the command worker.',
    });
  }
  if (given.jobs !== undefined) return poolCrew(wholeOf('jobs', given.jobs), ({ id }) => workWords(id, given));
  const address = addressOf(given.queue);
  return address && queueCrew(address, given);
}
