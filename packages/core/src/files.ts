import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeaError } from './error.ts';

/** What a write that was killed leaves beside its file. */
const REMAINS = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/**
 * Writes a whole file or none: beside it first, under a random name that nobody else has, then renamed. Creates missing
 * folders.
 *
 * @param content also in pieces, which are written one after the other and need not fit into memory together
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`; the file that was there before is untouched
 */
export async function replaceFile(path: string, content: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // A link stays one, and permissions stay what they were.
    const target = await realpath(path).catch(() => path);
    const before = await stat(target).catch(() => undefined);
    const beside = `${target}.${randomUUID()}.tmp`;
    try {
      await writeNew(beside, content, before?.mode);
      await rename(beside, target);
    } catch (cause) {
      await rm(beside, { force: true });
      throw cause;
    }
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** Writes a file that must not be there yet; it is on the disk when this ends. */
async function writeNew(path: string, content: Parameters<typeof replaceFile>[1], mode?: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Removes what killed writes left in a folder and in all folders within. Nobody may be writing there. What cannot be removed
 * stays.
 *
 * @param of remains of one file of the folder only
 */
export async function removeRemains(folder: string, of?: string): Promise<void> {
  const entries = await readdir(folder, { recursive: of === undefined, withFileTypes: true }).catch(() => []);
  const remains = entries.filter(
    ({ name }) => REMAINS.test(name) && (of === undefined || name.replace(REMAINS, '') === of),
  );
  for (const { parentPath, name } of remains) await rm(join(parentPath, name), { force: true }).catch(() => {});
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
