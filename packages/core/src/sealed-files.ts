import { readWhole, replaceFile } from './files.ts';
import { sealed, unsealed } from './sealed.ts';

/** Writes a sealed JSON object atomically, see {@link replaceFile}. @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE` */
export function writeSealed(path: string, value: object): Promise<void> {
  return replaceFile(path, `${JSON.stringify(sealed(value), null, 2)}\n`);
}

/**
 * Reads a file that `writeSealed` wrote, and checks its seal.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_DAMAGED`
 */
export async function readSealed(path: string): Promise<Record<string, unknown>> {
  return unsealed((await readWhole(path)).toString('utf8'), path);
}
