import { LeaError, readWhole } from '@lea/core';

/** Longer files are no configuration; the largest tokenizers have some 40 MB. */
const LONGEST = 200_000_000;

/**
 * Reads a JSON file that holds an object.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_MODEL_UNSUPPORTED` when it is no JSON object
 */
export async function readJson(path: string): Promise<Record<string, unknown>> {
  const bytes = await readWhole(path);
  let content: unknown;
  try {
    content = bytes.length <= LONGEST ? JSON.parse(bytes.toString('utf8')) : undefined;
  } catch (cause) {
    throw notJson(path, cause);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw notJson(path);
  return content as Record<string, unknown>;
}

function notJson(path: string, cause?: unknown): LeaError {
  return new LeaError('E_MODEL_UNSUPPORTED', 'This file is not a JSON object.', {
    value: path,
    hint: 'Download it again.',
    cause,
  });
}
