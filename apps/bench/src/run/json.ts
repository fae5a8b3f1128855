import { LeaError, readWhole } from '@lea/core';

/**
 * The JSON file of something finished, or undefined when there is none.
 *
 * @throws LeaError `E_RUN_BROKEN` when it is not JSON
 */
export async function readRecord<T>(path: string): Promise<T | undefined> {
  const bytes = await readWhole(path).catch((error: unknown) => {
    if (error instanceof LeaError && error.code === 'E_FILE_MISSING') return undefined;
    throw error;
  });
  try {
    return bytes && (JSON.parse(bytes.toString('utf8')) as T);
  } catch (cause) {
    throw new LeaError('E_RUN_BROKEN', 'A record is not JSON.', {
      value: path,
      hint: 'Delete its folder, and it is computed again.',
      cause,
    });
  }
}
