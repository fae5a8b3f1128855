import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkPaths } from './arguments.ts';
import { LeaError } from './error.ts';

/** Names of the temporary files that an interrupted write leaves behind. */
const REMAINS = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/**
 * Writes a file atomically: the content goes to a temporary file with a unique name in the same folder, which is then
 * renamed. Creates missing folders.
 *
 * @param content the content, or an iterable of pieces that need not fit into memory together
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`; an existing file is left unchanged
 */
export async function replaceFile(path: string, content: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  checkPaths('replaceFile', { path });
  try {
    await makeFolder(dirname(path));
    // Keep symbolic links and permissions as they were.
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

/**
 * Makes a folder and those above it, unless they exist. Node's own `recursive` option never ends in a folder that takes no others,
 * such as `/proc`, and says that a read-only folder is missing.
 *
 * @throws the error of the system, which `writeError` converts
 */
export async function makeFolder(path: string): Promise<void> {
  checkPaths('makeFolder', { path });
  try {
    await mkdir(path);
  } catch (cause) {
    if (await isFolder(path)) return;
    const above = dirname(path);
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw cause;
    await makeFolder(above);
    await mkdir(path).catch(async (again: unknown) => {
      // Another process may have made it.
      if (!(await isFolder(path))) throw again;
    });
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Writes a file that must not exist yet, and flushes it to disk. */
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
 * Removes the temporary files that interrupted writes left in a folder and its subfolders. No other process may be writing
 * there. Files that cannot be removed are skipped.
 *
 * @param of limits the search to the remains of this one file, directly in the folder
 */
export async function removeRemains(folder: string, of?: string): Promise<void> {
  checkPaths('removeRemains', { folder });
  const entries = await readdir(folder, { recursive: of === undefined, withFileTypes: true }).catch(() => []);
  const remains = entries.filter(
    ({ name }) => REMAINS.test(name) && (of === undefined || name.replace(REMAINS, '') === of),
  );
  for (const { parentPath, name } of remains) await rm(join(parentPath, name), { force: true }).catch(() => {});
}

/** Converts a failed write into LeaError `E_DISK_FULL` or `E_FILE_WRITE`. */
export function writeError(path: string, cause: unknown): LeaError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LeaError('E_DISK_FULL', 'The disk is full. Files that exist are unchanged.', {
      value: path,
      hint: 'Free some space and run the same command again.',
      cause,
    });
  }
  return new LeaError('E_FILE_WRITE', `The file cannot be written (${code ?? String(cause)}).`, {
    value: path,
    hint: 'Check that the folder exists and is writable.',
    cause,
  });
}

/**
 * Reads a whole file.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`
 */
export async function readWhole(path: string): Promise<Buffer> {
  checkPaths('readWhole', { path });
  try {
    return await readFile(path);
  } catch (cause) {
    throw readError(path, cause);
  }
}

/** Converts a failed read into LeaError `E_FILE_MISSING` or `E_FILE_READ`. */
export function readError(path: string, cause: unknown): LeaError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    return new LeaError('E_FILE_MISSING', 'The file does not exist.', { value: path, hint: 'Check the path.', cause });
  }
  const hint = { ENOTDIR: 'A part of the path is a file, not a folder.', EISDIR: 'The path is a folder, not a file.' }[
    code ?? ''
  ];
  return new LeaError('E_FILE_READ', `The file cannot be read (${code ?? String(cause)}).`, {
    value: path,
    ...(hint && { hint }),
    cause,
  });
}
