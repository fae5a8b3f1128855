import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'lea-duckdb-';

/** No reading takes this long. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes a folder for rows that do not fit in memory, and removes those of processes that were killed over a day ago. */
export async function temporaryFolder(): Promise<string> {
  const parent = tmpdir();
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  await Promise.all(names.map((name) => removeIfOld(join(parent, name))));
  return mkdtemp(join(parent, PREFIX));
}

async function removeIfOld(folder: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(folder);
    if (Date.now() - mtimeMs > DAY_MS) await rm(folder, { recursive: true });
  } catch {
    // It belongs to another user, or is gone.
  }
}
