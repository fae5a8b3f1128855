import { LeaError } from './error.ts';
import { nearest } from './options.ts';

/**
 * Refuses options that are none of their choices. Options come from JSON as often as from typed code.
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
    if (known.includes(value)) continue;
    const near = typeof value === 'string' ? nearest(value, known.filter(isString)) : undefined;
    throw new LeaError('E_OPTION_VALUE', `${where}: ${name} has no such choice.`, {
      value,
      hint: near
        ? `Did you mean "${near}"?`
        : `It is one of: ${known.map((choice) => JSON.stringify(choice)).join(', ')}.`,
    });
  }
}

/**
 * Refuses numbers outside of their range, bounds included: a bound of `Infinity` lets Infinity itself pass, which is no
 * JSON, so it is for options that have a use for it ("never", "no cap"). `Number.MAX_VALUE` is the bound of all others.
 *
 * @param ranges low, high, and 'whole' for whole numbers only, of which Infinity is none
 * @throws LeaError `E_OPTION_VALUE`
 */
export function checkRanges<T extends object>(
  where: string,
  options: T,
  ranges: { readonly [K in keyof T]?: readonly [low: number, high: number, whole?: 'whole'] },
): void {
  for (const [name, [low, high, whole]] of Object.entries(ranges) as [keyof T & string, [number, number, 'whole'?]][]) {
    const value = options[name] as unknown;
    if (typeof value === 'number' && value >= low && value <= high && (!whole || Number.isInteger(value))) continue;
    throw new LeaError('E_OPTION_VALUE', `${where}: ${name} must be ${rangeText(low, high, whole)}.`, { value });
  }
}

function rangeText(low: number, high: number, whole: 'whole' | undefined): string {
  const kind = whole ? 'a whole number' : high === Number.MAX_VALUE ? 'a finite number' : 'a number';
  if (high < Number.MAX_VALUE) return `${kind} from ${low} to ${high}`;
  return low > -Number.MAX_VALUE ? `${kind} of at least ${low}` : kind;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
