import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Before all tests: gives them and their child processes a temporary folder of their own. Removes it after the last one. */
export default async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'lea-tests-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  return () => rm(folder, { recursive: true, force: true });
}
