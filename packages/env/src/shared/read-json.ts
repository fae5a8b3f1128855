import { LeaError } from '@lea/core';
import { readWhole } from '@lea/core/node';

/** Maximum size of a JSON file in bytes; the largest tokenizers have about 40 MB. */
const LONGEST = 200_000_000;

/** Maximum nesting of a JSON file, so that recursive readers cannot overflow the stack. */
export const MOST_LEVELS = 100;

/** Nesting depth of arrays and objects, counted up to {@link MOST_LEVELS} + 1. */
export function levelsOf(value: unknown): number {
  let level: unknown[] = [value];
  for (let levels = 0; ; levels++) {
    level = level.filter((each) => typeof each === 'object' && each !== null);
    if (level.length === 0 || levels > MOST_LEVELS) return levels;
    level = level.flatMap((each) => Object.values(each as object));
  }
}

/**
 * Reads a JSON file that contains an object.
 *
 * @param code error code if it is not an object or nested too deeply (default `E_MODEL_UNSUPPORTED`)
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ` or `code`
 */
export async function readJson(path: string, code?: string): Promise<Record<string, unknown>> {
  return (await readJsonText(path, code)).content;
}

/** {@link readJson}, also returning the text of the file. */
export async function readJsonText(
  path: string,
  code = 'E_MODEL_UNSUPPORTED',
): Promise<{ content: Record<string, unknown>; text: string }> {
  const unusable = (what: string, cause?: unknown): LeaError =>
    new LeaError(code, `The file ${what}.`, { value: path, hint: 'Download it again.', cause });
  const bytes = await readWhole(path);
  const text = bytes.length <= LONGEST ? bytes.toString('utf8') : '';
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw unusable('is not a JSON object', cause);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw unusable('is not a JSON object');
  if (levelsOf(content) > MOST_LEVELS) throw unusable(`is nested more than ${MOST_LEVELS} levels deep`);
  return { content: content as Record<string, unknown>, text };
}

/** Not yet in TypeScript's declarations of JSON. */
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, revive: (name: string, value: unknown, context: { source: string }) => unknown): object;
  rawJSON(text: string): unknown;
};

/**
 * Parses a JSON object so that its numbers are written back unchanged, because other languages distinguish 30.0 from 30.
 */
export function asWritten(text: string): object {
  return parse(text, (_, value, { source }) => (typeof value === 'number' ? rawJSON(source) : value));
}
