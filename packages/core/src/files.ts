import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { LeaError } from './error.ts';

/**
 * Writes a whole file or none: beside it first, then renamed. Creates missing folders.
 *
 * @param content also in pieces, which are written one after the other and need not fit into memory together
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`; the file that was there before is untouched
 */
export async function replaceFile(path: string, content: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // write-file-atomic writes once and takes for granted that all of it arrived; systems write 2 GiB at most, and less
    // where the disk becomes full. `writeFile` goes on until everything is written, or says why not.
    await writeFileAtomic(path, '', { tmpfileCreated: (beside) => writeFile(beside, content) });
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** What a file that cannot be written is told as: LeaError `E_DISK_FULL` or `E_FILE_WRITE`. */
export function writeError(path: string, cause: unknown): LeaError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LeaError('E_DISK_FULL', 'No room to write a file; what was there before is untouched.', {
      value: path,
      hint: 'Free some space, then run the same command again.',
      cause,
    });
  }
  return new LeaError('E_FILE_WRITE', `Cannot write a file (${code ?? String(cause)}).`, {
    value: path,
    hint: 'Check that the folder exists and may be written to.',
    cause,
  });
}

/**
 * Reads a whole file.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`
 */
export async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw readError(path, cause);
  }
}

/** What a file that cannot be read is told as: LeaError `E_FILE_MISSING` or `E_FILE_READ`. */
export function readError(path: string, cause: unknown): LeaError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    return new LeaError('E_FILE_MISSING', 'There is no such file.', { value: path, hint: 'Check the path.', cause });
  }
  return new LeaError('E_FILE_READ', `Cannot read a file (${code ?? String(cause)}).`, { value: path, cause });
}
