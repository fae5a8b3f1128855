import { LeaError } from './error.ts';
import { contentHash } from './hash.ts';

/** The field of a JSON object that holds the hash of all others. */
const SEAL = 'sha256';

/**
 * A JSON object with the hash of its content in its last field, `sha256`: what it says cannot change unnoticed.
 */
export function sealed(value: object): Record<string, unknown> {
  // Hashed as it will be read: without undefined, NaN as null.
  const content = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  return { ...content, [SEAL]: contentHash(content) };
}

/**
 * The object that a JSON text holds, its seal checked and taken off. Files from before there were seals have none: they are
 * taken as they are.
 *
 * @param path is named in the error
 * @throws LeaError `E_FILE_DAMAGED` when the text is no JSON object, or not the one that was sealed
 */
export function unsealed(text: string, path: string): Record<string, unknown> {
  const { [SEAL]: seal, ...content } = parsed(text, path);
  if (seal === undefined || seal === contentHash(content)) return content;
  throw damaged(path, 'its content is not what was written');
}

function parsed(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'it is not JSON', cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw damaged(path, 'it is not a JSON object');
}

function damaged(path: string, what: string, cause?: unknown): LeaError {
  return new LeaError('E_FILE_DAMAGED', `A file is damaged: ${what}.`, {
    value: path,
    hint: 'Delete it, so that it is made again, or bring it back from a copy.',
    cause,
  });
}
