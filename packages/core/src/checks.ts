import { LeaError } from './error.ts';
import { nearest } from './options.ts';

/**
 * Refuses options whose value is not one of the allowed choices. Options come from JSON as often as from typed code, so
 * the types alone do not check them.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function checkChoices<T extends object>(
  where: string,
  options: T,
  choices: { readonly [K in keyof T]?: readonly T[K][] },
): void {
  for (const [name, known] of Object.entries(choices) as [keyof T & string, readonly unknown[]][]) {
    const value = options[name];
    if (!known.includes(value)) throw invalidChoice(where, name, value, known);
  }
}

/** The error for a value that is none of the choices: suggests the nearest one, or lists all of them. */
export function invalidChoice(where: string, name: string, value: unknown, known: readonly unknown[]): LeaError {
  const near = typeof value === 'string' ? nearest(value, known.filter(isString)) : undefined;
  return new LeaError('E_OPTION_VALUE', `${where}: invalid value for ${name}.`, {
    value,
    hint: near ? `Did you mean "${near}"?` : `Use one of: ${known.map((choice) => JSON.stringify(choice)).join(', ')}.`,
  });
}

/** Inclusive bounds of a number, and whether it must be a whole number. */
export type NumberRange = readonly [low: number, high: number, whole?: 'whole' | 'whole or Infinity'];

/**
 * Refuses numbers outside their range (bounds inclusive). A bound of `Infinity` accepts Infinity itself. JSON cannot
 * express Infinity, so use that bound only for options where it has a meaning ("never", "no cap"), and
 * `Number.MAX_VALUE` everywhere else.
 *
 * @param ranges low, high, and 'whole' for whole numbers only; 'whole or Infinity' accepts Infinity as well
 * @throws LeaError `E_OPTION_VALUE`
 */
export function checkRanges<T extends object>(
  where: string,
  options: T,
  ranges: { readonly [K in keyof T]?: NumberRange },
): void {
  for (const [name, range] of Object.entries(ranges) as [keyof T & string, NumberRange][]) {
    const [low, high, whole] = range;
    const value = options[name] as unknown;
    const ofKind = !whole || Number.isInteger(value) || (whole === 'whole or Infinity' && value === Infinity);
    if (typeof value === 'number' && value >= low && value <= high && ofKind) continue;
    throw new LeaError('E_OPTION_VALUE', `${where}: ${name} must be ${rangeText(range)}.`, { value });
  }
}

/**
 * Refuses seeds that are not safe integers: 0.3 and '1' would silently draw the same numbers as 0 and 1.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function checkSeed(where: string, seed: unknown): void {
  if (Number.isSafeInteger(seed)) return;
  throw new LeaError('E_OPTION_VALUE', `${where}: seed must be a whole number below 2^53.`, {
    value: seed,
    hint: 'For example, use 1.',
  });
}

/** The range in words, e.g. `a whole number from 1 to 4096`. The numbers next to 0 and 1 stand for "above 0" and "below 1". */
export function rangeText([low, high, whole]: NumberRange): string {
  const kind = whole ? 'a whole number' : high === Number.MAX_VALUE ? 'a finite number' : 'a number';
  const positive = low === Number.MIN_VALUE;
  const belowOne = high < 1 && high >= 1 - Number.EPSILON;
  if (belowOne) return positive ? `${kind} between 0 and 1` : `${kind} from ${low} to below 1`;
  if (high < Number.MAX_VALUE) return positive ? `${kind} above 0, at most ${high}` : `${kind} from ${low} to ${high}`;
  const least = positive ? 'above 0' : `of at least ${low}`;
  const range = low > -Number.MAX_VALUE ? `${kind} ${least}` : kind;
  return whole === 'whole or Infinity' ? `${range}, or Infinity` : range;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
