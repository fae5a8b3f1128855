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
  checkObject(where, given, Object.keys(defaults));
  const merged = { ...defaults };
  for (const key of Object.keys(given ?? {})) {
    if (!Object.hasOwn(defaults, key)) throw unknownKey(where, key, Object.keys(defaults));
    const value = (given as Record<string, unknown>)[key];
    if (value !== undefined) (merged as Record<string, unknown>)[key] = value;
  }
  return merged;
}

/** Refuses options that are no plain object. @throws LeaError `E_OPTION_VALUE` */
export function checkObject(where: string, given: unknown, known: readonly string[]): void {
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

/**
 * The known word with the fewest typos, if there are few enough: at most one in three letters of the longer word. Words of 3 to 5
 * letters may have one, shorter ones none, because any two of them are near each other.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Infinity;
  for (const candidate of known) {
    const allowed = Math.floor(Math.max(word.length, candidate.length) / 3);
    const count = typos(word.toLowerCase(), candidate.toLowerCase());
    if (count <= allowed && count < fewest) [best, fewest] = [candidate, count];
  }
  return best;
}

/** Letters to insert, remove, replace or swap with their neighbor (optimal string alignment distance). */
function typos(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, rows[i - 1]![j]! + 1, row[j - 1]! + 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
