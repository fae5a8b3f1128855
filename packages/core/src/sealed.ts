import { checkObjects } from './arguments.ts';
import { LeaError } from './error.ts';
import { contentHash } from './hash.ts';

/** The field of a JSON object that holds the hash of all other fields. */
const SEAL = 'sha256';

/**
 * Adds the hash of a JSON object's content as its last field, `sha256`, so that any later change is detected.
 */
export function sealed(value: object): Record<string, unknown> {
  checkObjects('sealed', { value });
  // Hash what a reader will see: no undefined, and NaN as null.
  const content = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  return { ...content, [SEAL]: contentHash(content) };
}

/**
 * Parses a JSON object, checks its seal and removes it. Objects without a seal (older files) are accepted as they are.
 *
 * @param path the file's path, for the error message
 * @throws LeaError `E_FILE_DAMAGED` when the text is not a JSON object, or was changed after it was sealed
 */
export function unsealed(text: string, path: string): Record<string, unknown> {
  const { [SEAL]: seal, ...content } = parsed(text, path);
  if (seal === undefined || seal === contentHash(content)) return content;
  throw damaged(path, 'its content has changed since it was written');
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
  return new LeaError('E_FILE_DAMAGED', `The file is damaged: ${what}.`, {
    value: path,
    hint: 'Delete it so that it is created again, or restore it from a copy.',
    cause,
  });
}
