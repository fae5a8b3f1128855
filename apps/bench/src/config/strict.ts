import { isDeepStrictEqual } from 'node:util';
import { LeaError, show, unknownKey } from '@lea/core';
import * as v from 'valibot';
import { wordsOf } from './sentence.ts';

/** An object that rejects unknown keys and suggests the closest known one. */
export function strict<const E extends v.ObjectEntries>(
  what: string,
  entries: E,
): v.StrictObjectSchema<E, v.ErrorMessage<v.StrictObjectIssue>> {
  return v.strictObject(entries, (issue) => {
    const key = String((issue.path?.at(-1) as { key?: unknown } | undefined)?.key ?? '');
    if (issue.expected === 'never') return unknownKey(what, key, Object.keys(entries)).message;
    return key && issue.expected === `"${key}"`
      ? `${what} needs "${key}"${kindOf(entries[key])}.`
      : `${what} must be an object, got ${issue.received}.`;
  }) as never;
}

/** What a missing entry must be, where its schema tells. */
function kindOf(entry: object | undefined): string {
  const { type, expects, options } = { ...entry } as { type?: string; expects?: string; options?: readonly Typed[] };
  if (type === 'variant') return `, an object whose type is ${wordsOf(options!.map(literalOf).join(' | '))}`;
  return expects === undefined || expects === 'unknown' ? '' : `, ${wordsOf(expects)}`;
}

function literalOf({ entries }: Typed): string {
  return `"${entries.type.literal}"`;
}

/** Optional entries of the same type. */
export function options<const K extends string, T extends v.GenericSchema>(
  names: readonly K[],
  type: T,
): Record<K, v.OptionalSchema<T, undefined>> {
  return Object.fromEntries(names.map((option) => [option, v.optional(type)])) as never;
}

/** Checks that all entries of a list are different. */
export function distinct<T>(what: string): v.CheckAction<T[], v.ErrorMessage<v.CheckIssue<T[]>>> {
  const twice = (list: T[]): T | undefined =>
    list.find((entry, i) => list.slice(0, i).some((before) => isDeepStrictEqual(before, entry)));
  return v.check(
    (list: T[]) => twice(list) === undefined,
    ({ input }) => `expected each ${what} once, got ${show(twice(input))} twice. Remove one of them.`,
  );
}

interface Typed {
  readonly entries: { readonly type: { readonly literal: string } };
}

/**
 * `{ type, ...options }` of the built-in types, or of types that packages have defined by the time of the check.
 *
 * @param shared options that are not the package's own
 */
export function withDefined<S extends v.VariantSchema<'type', v.VariantOptions<'type'>, undefined>>(
  what: string,
  included: S,
  defined: () => readonly string[],
  shared: v.ObjectEntries = {},
): v.LazySchema<S> {
  const names = included.options.map((option) => (option as unknown as Typed).entries.type.literal);
  return v.lazy(() => {
    const own = defined().map((type) => {
      if (!names.includes(type)) return v.looseObject({ type: v.literal(type), ...shared });
      throw new LeaError('E_TYPE_TAKEN', `The bench already has a built-in ${what} of this type.`, {
        value: type,
        hint: 'Define it with a different type name.',
      });
    });
    return v.variant('type', [...included.options, ...own]) as unknown as S;
  });
}
