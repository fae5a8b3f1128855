import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeError } from '@lea/core/node';

/**
 * The name of the queue of a folder of runs. It holds a random id that lies in the folder, so that everybody who sees the folder
 * has the same queue, wherever it is mounted, and nobody else has it.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function queueName(runs: string): Promise<string> {
  const path = join(runs, 'queue-id');
  try {
    await mkdir(runs, { recursive: true });
    await writeFile(path, randomUUID(), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(path, cause);
  }
  // Another process may have made the file, and not yet written it.
  for (;;) {
    const id = await readFile(path, 'utf8');
    if (id.length === LENGTH) return `lea-${id}`;
    await sleep(20);
  }
}

/** Of a UUID. */
const LENGTH = 36;
