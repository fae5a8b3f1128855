import { isObject } from './arguments.ts';
import { isThenable, LeaError } from './error.ts';

/**
 * Merges options over their defaults. An unknown key is refused, and the error suggests the nearest known one.
 * `undefined` keeps the default.
 *
 * @param where name of the function or agent for the error message, e.g. `sasrec`
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (not an object)
 */
export function withDefaults<T extends object>(where: string, defaults: T, given: Partial<T> | undefined): T {
  checkOptionsObject(where, given, Object.keys(defaults));
  const merged = { ...defaults };
  for (const key of Object.keys(given ?? {})) {
    if (!Object.hasOwn(defaults, key)) throw unknownKey(where, key, Object.keys(defaults));
    const value = (given as Record<string, unknown>)[key];
    if (value !== undefined) (merged as Record<string, unknown>)[key] = value;
  }
  return merged;
}

/** Refuses options that are given and no object. @throws LeaError `E_OPTION_VALUE` */
export function checkOptionsObject(where: string, given: unknown, known: readonly string[]): void {
  if (given === undefined || (isObject(given) && !isThenable(given))) return;
  throw new LeaError('E_OPTION_VALUE', `${where}: options must be an object.`, {
    value: given,
    hint: `The options are: ${known.join(', ')}.`,
  });
}

/** The error for an unknown option key: suggests the nearest known key, or lists all of them. */
export function unknownKey(where: string, key: string, known: readonly string[]): LeaError {
  const near = nearest(key, known);
  return new LeaError('E_OPTION_UNKNOWN', `${where} has no option with this name.`, {
    value: key,
    hint: near ? `Did you mean "${near}"?` : `The options are: ${known.join(', ')}.`,
  });
}

/** The known word with the smallest edit distance, if it is near enough to be a typo. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitute, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
