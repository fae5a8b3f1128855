import { dirname } from 'node:path';
import { LeaError, stableJson } from '@lea/core';
import { readSealed } from '@lea/core/node';

/**
 * The JSON file of something finished, or undefined when there is none.
 *
 * @param about fields that tell what it is the record of
 * @throws LeaError `E_RUN_BROKEN` when it is damaged, or the record of something else
 */
export async function readRecord<T>(path: string, about: Partial<T>): Promise<T | undefined> {
  const folder = dirname(path);
  const record = await intact(folder, () => readSealed(path).catch(noneWhenMissing));
  const other = record && Object.entries(about).find(([name, value]) => !isSame(record[name], value));
  if (other) throw broken(folder, `its record has a different ${other[0]}`);
  return record as T | undefined;
}

/**
 * Reads something finished.
 *
 * @param folder where it is kept
 * @throws LeaError `E_RUN_BROKEN` saying which folder to delete, whatever is damaged in it; `E_FILE_READ`
 */
export async function intact<T>(folder: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = cause instanceof LeaError ? cause.code : '';
    if (code === 'E_RUN_BROKEN' || code === 'E_FILE_READ') throw cause;
    throw broken(folder, sentenceOf(cause), cause);
  }
}

export function broken(folder: string, what: string, cause?: unknown): LeaError {
  return new LeaError('E_RUN_BROKEN', `The saved files in this folder are damaged: ${what}`, {
    value: folder,
    hint: 'Delete the folder to create it again.',
    cause,
  });
}

/** What is wrong, without the way out: that of the whole folder takes its place. */
function sentenceOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const hint = cause instanceof LeaError ? cause.hint : undefined;
  return hint && cause.message.endsWith(hint) ? cause.message.slice(0, -hint.length).trimEnd() : cause.message;
}

function noneWhenMissing(error: unknown): undefined {
  if (error instanceof LeaError && error.code === 'E_FILE_MISSING') return undefined;
  throw error;
}

/** @param given as it is before JSON makes null and nothing of some values */
function isSame(stored: unknown, given: unknown): boolean {
  return stableJson(stored) === stableJson(JSON.parse(JSON.stringify(given)));
}
