import { isThenable, LeaError, show } from './error.ts';

/**
 * Refuses arguments of another kind, by name: `checkNumbers('pearson', { score, truth })`.
 *
 * @throws LeaError `E_ARGUMENT_TYPE`
 */
export type ArgumentCheck = (where: string, given: Readonly<Record<string, unknown>>) => void;

/**
 * Makes the check of one kind of argument. Public functions call such checks once, before they read their arguments:
 * calls come from JavaScript as often as from typed code.
 *
 * @param expected completes "must be", such as `an array of texts`
 * @param hint how to get one
 */
export function argumentCheck(expected: string, fits: (value: unknown) => boolean, hint?: string): ArgumentCheck {
  return (where, given) => {
    for (const [name, value] of Object.entries(given)) {
      if (!isThenable(value) && fits(value)) continue;
      throw new LeaError('E_ARGUMENT_TYPE', `${where}: ${name} must be ${expected}.`, {
        value,
        got: describeValue(value),
        ...(isThenable(value) ? { hint: 'Await it first.' } : hint && { hint }),
      });
    }
  };
}

/** Refuses what is no array. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkArrays: ArgumentCheck = argumentCheck('an array', Array.isArray);

/** Refuses what is no array or typed array; the numbers themselves are not read. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkNumbers: ArgumentCheck = argumentCheck('an array or a typed array of numbers', isList);

/** Refuses what is no text. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkTexts: ArgumentCheck = argumentCheck('a text', (value) => typeof value === 'string');

/** Refuses paths of files or folders that are no text, or empty. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkPaths: ArgumentCheck = argumentCheck(
  'a text that names a file or folder',
  (value) => typeof value === 'string' && value !== '',
);

/** Refuses what is no function. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkFunctions: ArgumentCheck = argumentCheck('a function', (value) => typeof value === 'function');

/** Refuses what is no object with names: arrays, functions and numbers as well. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkObjects: ArgumentCheck = argumentCheck('an object', isObject);

/** True for objects with names, whose members may be read. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A value in a few words: the kind and size of what is large, the text of what is small. */
export function describeValue(value: unknown): string {
  if (isThenable(value)) return show(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of length ${value.length}`;
  if (isList(value)) return `${withArticle(value.constructor.name)} of length ${value.length}`;
  if (!isObject(value)) return show(value);
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? 'Object';
  if (name !== 'Object') return withArticle(name);
  const names = Object.keys(value);
  if (names.length === 0) return 'an empty object';
  return `an object with ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`;
}

function withArticle(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}
