import { LeaError } from '@lea/core';
import { readWhole } from '@lea/core/node';

/** Longer files are no configuration; the largest tokenizers have some 40 MB. */
const LONGEST = 200_000_000;

/** Deeper than anything that a configuration says; what walks through it would run out of stack. */
export const MOST_LEVELS = 100;

/** How deeply lists and objects lie within each other, counted up to one more than {@link MOST_LEVELS}. */
export function levelsOf(value: unknown): number {
  let level: unknown[] = [value];
  for (let levels = 0; ; levels++) {
    level = level.filter((each) => typeof each === 'object' && each !== null);
    if (level.length === 0 || levels > MOST_LEVELS) return levels;
    level = level.flatMap((each) => Object.values(each as object));
  }
}

/**
 * Reads a JSON file that holds an object.
 *
 * @param code of the error when it is none, or nested too deeply
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, or of the code
 */
export async function readJson(path: string, code?: string): Promise<Record<string, unknown>> {
  return (await readJsonText(path, code)).content;
}

/** {@link readJson}, and the text of the file. */
export async function readJsonText(
  path: string,
  code = 'E_MODEL_UNSUPPORTED',
): Promise<{ content: Record<string, unknown>; text: string }> {
  const unusable = (what: string, cause?: unknown): LeaError =>
    new LeaError(code, `This file ${what}.`, { value: path, hint: 'Download it again.', cause });
  const bytes = await readWhole(path);
  const text = bytes.length <= LONGEST ? bytes.toString('utf8') : '';
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw unusable('is not a JSON object', cause);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw unusable('is not a JSON object');
  if (levelsOf(content) > MOST_LEVELS) throw unusable(`is nested in more than ${MOST_LEVELS} levels`);
  return { content: content as Record<string, unknown>, text };
}

/** Newer than the declarations that TypeScript has of JSON. */
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, revive: (name: string, value: unknown, context: { source: string }) => unknown): object;
  rawJSON(text: string): unknown;
};

/**
 * A JSON object whose numbers are written again as they are in the text: elsewhere, 30.0 and 30 are of two types.
 */
export function asWritten(text: string): object {
  return parse(text, (_, value, { source }) => (typeof value === 'number' ? rawJSON(source) : value));
}
