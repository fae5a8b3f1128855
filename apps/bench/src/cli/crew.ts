import { join, resolve } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import type { Loaded } from '../config/load.ts';
import type { Crew } from '../jobs/crew.ts';
import { poolCrew } from '../jobs/pool.ts';
import { addressOf } from '../queue/address.ts';
import { queueCrew } from '../queue/producer.ts';
import type { Study } from '../queue/task.ts';
import { wholeOf } from '../terminal/flags.ts';
import { writeUnlessSame } from '../terminal/unchanged.ts';
import { workWords } from './experiment-args.ts';

type Given = Study & { readonly jobs?: string | undefined; readonly queue?: string | undefined };

/** The processes that do the jobs, if it is not this one. A flag has precedence over LEA_QUEUE. */
export function crewOf(given: Given, loaded: Loaded): Crew | undefined {
  const config = copyOf(given, loaded);
  const crew = sharedBy({ ...given, config });
  if (!crew || config === undefined) return crew;
  return async (jobs, duty) => {
    await writeUnlessSame(config, `${JSON.stringify(loaded.json, null, 2)}\n`);
    return crew(jobs, duty);
  };
}

function sharedBy(given: Given): Crew | undefined {
  if (given.jobs !== undefined && given.queue !== undefined) {
    throw new LeaError('E_FLAG_VALUE', 'Expected --jobs or --queue, not both.', {
      hint: 'With --queue the jobs are done by processes of the command worker.',
    });
  }
  if (given.jobs !== undefined) return poolCrew(wholeOf('jobs', given.jobs), ({ id }) => workWords(id, given));
  const address = addressOf(given.queue);
  return address && queueCrew(address, given);
}

/** Where the processes find the config as it is now, beside the runs, because people edit it while they work. */
function copyOf({ runs }: Study, { experiment, json }: Loaded): string | undefined {
  if (json === undefined) return undefined;
  return join(resolve(runs), experiment.name, `config-${contentHash(json).slice(0, 10)}.json`);
}
