import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LeaError } from '@lea/core';
import { makeFolder, writeError } from '@lea/core/node';

/** The queue of a folder of runs. */
export interface Named {
  readonly name: string;
  /** What was not there before. */
  readonly isNew: 'folder' | 'queue' | undefined;
}

/**
 * The name of the queue of a folder of runs. It holds a random id that lies in the folder, so that everybody who sees the folder
 * has the same queue, wherever it is mounted, and nobody else has it.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function queueName(runs: string): Promise<Named> {
  const path = join(runs, 'queue-id');
  let isNew: Named['isNew'] = existsSync(runs) ? 'queue' : 'folder';
  try {
    await makeFolder(runs);
    await writeFile(path, randomUUID(), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(path, cause);
    isNew = undefined;
  }
  return { name: await named(path), isNew };
}

/**
 * The same of a folder that somebody has used a queue for; undefined where nobody has. It writes nothing.
 *
 * @throws LeaError `E_RUNS_MISSING`
 */
export async function knownQueueName(runs: string): Promise<string | undefined> {
  const path = join(runs, 'queue-id');
  if (existsSync(path)) return named(path);
  if (existsSync(runs)) return undefined;
  throw new LeaError('E_RUNS_MISSING', 'The folder of runs does not exist.', {
    value: runs,
    hint: 'Give the --runs that the commands run and worker have.',
  });
}

/** Another process may have made the file, and not yet written it. */
async function named(path: string): Promise<string> {
  for (;;) {
    const id = await readFile(path, 'utf8');
    if (id.length === LENGTH) return `lea-${id}`;
    await sleep(20);
  }
}

/** Of a UUID. */
const LENGTH = 36;
