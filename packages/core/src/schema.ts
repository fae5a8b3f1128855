import * as v from 'valibot';
import { invalidChoice, type NumberRange, rangeText } from './checks.ts';
import { LeaError } from './error.ts';
import type { Given } from './given.ts';
import { checkObject, unknownKey } from './options.ts';

/** Checks one value. */
export type Check<T> = v.GenericSchema<unknown, T>;

/** The check of an option and its default. */
export interface Option<T> extends Check<T> {
  /** The check of a value that is given. */
  readonly wrapped: Check<T>;
  /** The value without one. */
  readonly default: T;
}

/** One {@link Option} for every member of an interface of options: a missing or an extra one is a type error. */
export type OptionsSchema<O> = { readonly [K in keyof O]-?: Option<O[K]> };

/** An option with its default. A default of `undefined` is not checked. */
export function option<T>(check: Check<T>, byDefault: NoInfer<T>): Option<T>;
export function option<T>(check: Check<T>, byDefault: undefined): Option<T | undefined>;
export function option<T>(check: Check<T>, byDefault: T): Option<T> {
  return v.optional(check, byDefault as never) as unknown as Option<T>;
}

/** Whether a value was made by {@link option}. */
export function isOption(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'optional';
}

/** Whole numbers, bounds inclusive; without an upper bound, any that a number can hold. */
export function whole(low: number, high: number = Infinity): Check<number> {
  const message = bounds([low, high, 'whole']);
  const least = v.pipe(v.number(message), v.integer(message), v.minValue(low, message));
  return high < Number.MAX_VALUE ? v.pipe(least, v.maxValue(high, message)) : least;
}

/** Whole numbers of at least `low`, and Infinity where it has a meaning ("never", "no cap"). */
export function wholeOrInfinity(low: number): Check<number> {
  const message = bounds([low, Infinity, 'whole or Infinity']);
  const least = v.pipe(v.number(message), v.integer(message), v.minValue(low, message));
  return v.union([least, v.literal(Infinity)], message);
}

/** Numbers but Infinity, bounds inclusive. */
export function finite(low: number, high: number = Number.MAX_VALUE): Check<number> {
  const message = bounds([low, high]);
  const least = v.pipe(v.number(message), v.finite(message), v.minValue(low, message));
  return high < Number.MAX_VALUE ? v.pipe(least, v.maxValue(high, message)) : least;
}

/** Numbers above 0 but Infinity. */
export const positive: Check<number> = v.pipe(finite(0) as v.GenericSchema<number>, v.gtValue(0, 'must be above 0.'));

/** Numbers from 0 to 1. */
export const share: Check<number> = finite(0, 1);

/** true or false. */
export const flag: Check<boolean> = v.boolean();

/** Safe integers: 0.3 and '1' would silently draw the same numbers as 0 and 1. */
export const seed: Check<number> = v.pipe(
  v.number('must be a whole number below 2^53.'),
  v.safeInteger('must be a whole number below 2^53.'),
  v.metadata({ hint: 'For example, use 1.' }),
);

/** Strings. */
export const text: Check<string> = v.string('must be a string.');

/** One of some words; `true` and `false` may be among them. */
export function oneOf<const T extends readonly (string | boolean)[]>(...choices: T): Check<T[number]> {
  return v.picklist(choices as unknown as readonly string[]) as unknown as Check<T[number]>;
}

/** Any value for which `holds` is true: `message` says what it must be, `hint` how to get one. */
export function custom<T>(holds: (given: unknown) => boolean, message: string, hint?: string): Check<T> {
  return v.pipe(v.custom<T>(holds, message), v.metadata(hint ? { hint } : {}));
}

/** Non-empty lists of whole numbers of at least 1. */
export const counts: Check<readonly number[]> = custom(
  (given) => Array.isArray(given) && given.length > 0 && given.every((value) => Number.isInteger(value) && value >= 1),
  'must be a list of whole numbers of at least 1.',
);

/**
 * Values that are passed on by reference: typed arrays, signals, functions. Those who use them check more of them than `holds`.
 * Promises are refused, because nobody means to pass one.
 *
 * @param message what the value must be
 * @param hint how to get one, with `await` where that is needed
 */
export function reference<T>(
  holds: (given: unknown) => boolean = () => true,
  message = '',
  hint = 'Await it first.',
): Check<T> {
  const settled = (given: unknown) => typeof (given as PromiseLike<T> | null | undefined)?.then !== 'function';
  return v.pipe(
    v.custom<T>(settled, 'must be a value, not the promise of one.'),
    v.check<T, string>(holds, message),
    v.metadata({ hint }),
  );
}

/** Signals that abort work. */
export const abortSignal: Check<AbortSignal> = custom(
  (given) => typeof (given as AbortSignal | null)?.aborted === 'boolean',
  'must be an AbortSignal.',
  'Pass the signal of new AbortController().',
);

/**
 * Options over their defaults, checked in the order of the schema. `undefined` takes the default.
 *
 * @param where name of the function for the error message, e.g. `fitEnvironment`
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (also if they are not an object)
 */
export function parseOptions<O extends object>(
  where: string,
  schema: OptionsSchema<O>,
  given: Given<O> | undefined,
): O {
  const names = Object.keys(schema);
  checkObject(where, given, names);
  for (const key of Object.keys(given ?? {})) {
    if (!Object.hasOwn(schema, key)) throw unknownKey(where, key, names);
  }
  const parsed = names.map((name) => {
    const value = given && Object.hasOwn(given, name) ? given[name as keyof O] : undefined;
    return [name, parseOption(where, name, schema[name as keyof O], value)] as const;
  });
  return Object.fromEntries(parsed) as O;
}

/** The defaults of all options. */
export function defaultsOf<O extends object>(schema: OptionsSchema<O>): O {
  const options = Object.entries<Option<unknown>>(schema as Record<string, Option<unknown>>);
  return Object.fromEntries(options.map(([name, { default: byDefault }]) => [name, byDefault])) as O;
}

/** Some options as entries of a larger schema, such as that of a configuration file: without their defaults. */
export function entriesOf<O extends object, K extends keyof O & string>(
  schema: OptionsSchema<O>,
  names: readonly K[],
): { [N in NoInfer<K>]: v.OptionalSchema<Check<Exclude<O[N], undefined>>, undefined> } {
  return Object.fromEntries(names.map((name) => [name, v.optional(schema[name].wrapped)])) as never;
}

function parseOption<T>(where: string, name: string, schema: Option<T>, value: unknown): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const { message, type } = result.issues[0];
  if (type === 'boolean') throw invalidChoice(where, name, value, [true, false]);
  if (type === 'picklist') {
    throw invalidChoice(where, name, value, (schema.wrapped as unknown as { options: readonly string[] }).options);
  }
  const { hint } = v.getMetadata(schema.wrapped as never) as { hint?: string };
  throw new LeaError('E_OPTION_VALUE', `${where}: ${name} ${message}`, { value, ...(hint && { hint }) });
}

function bounds(range: NumberRange): string {
  return `must be ${rangeText(range)}.`;
}
