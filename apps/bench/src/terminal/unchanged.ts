import { readFile } from 'node:fs/promises';
import { replaceFile } from '@lea/core/node';

/**
 * Writes a file, unless it has this content already: what is finished can be told from a folder that is read-only.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function writeUnlessSame(path: string, text: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before !== text) await replaceFile(path, text);
}
