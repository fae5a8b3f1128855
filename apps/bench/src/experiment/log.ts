import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LeaError, sealed, unsealed } from '@lea/core';
import { makeFolder, readWhole } from '@lea/core/node';

/** Events of one run as JSON lines, over all its sittings. */
export interface EventLog {
  append(event: object): Promise<void>;
  /** Begins to count anew: nothing of earlier sittings was of use. */
  anew(): void;
  /** Working time so far, earlier sittings included. */
  seconds(): number;
}

/**
 * Opens the log of a run. New lines are appended to those of earlier sessions, and the working time continues from theirs.
 * If the process was killed, the last line may be truncated; readers skip it.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function openLog(path: string, now: () => number = () => performance.now()): Promise<EventLog> {
  await makeFolder(dirname(path)).catch((error) => refuse(path, error));
  const add = (text: string) => appendFile(path, text).catch((error) => refuse(path, error));
  const text = (await readWhole(path).catch(() => undefined))?.toString('utf8') ?? '';
  let before = text.split('\n').reduce((latest, line) => secondsOf(line, path) ?? latest, 0);
  let started = now();
  const seconds = () => before + (now() - started) / 1000;
  if (text !== '' && !text.endsWith('\n')) await add('\n');
  return {
    seconds,
    anew() {
      before = 0;
      started = now();
    },
    append: (event) => add(`${JSON.stringify(sealed({ seconds: round(seconds()), ...event }))}\n`),
  };
}

function refuse(path: string, cause: NodeJS.ErrnoException): never {
  const full = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  throw new LeaError(full ? 'E_DISK_FULL' : 'E_FILE_WRITE', `Appending to a file failed (${cause.code}).`, {
    value: path,
    hint: full ? 'Free some space, then run the same command again.' : 'Check that the folder is writable.',
    cause,
  });
}

/** Undefined of lines that are cut or damaged. */
function secondsOf(line: string, path: string): number | undefined {
  try {
    const { seconds } = unsealed(line, path);
    return typeof seconds === 'number' && seconds >= 0 ? seconds : undefined;
  } catch {
    return undefined;
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
