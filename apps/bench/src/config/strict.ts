import { isDeepStrictEqual } from 'node:util';
import { LeaError, show, unknownKey } from '@lea/core';
import * as v from 'valibot';

/** An object that refuses keys it does not know and names the nearest one it does. */
export function strict<const E extends v.ObjectEntries>(
  what: string,
  entries: E,
): v.StrictObjectSchema<E, v.ErrorMessage<v.StrictObjectIssue>> {
  return v.strictObject(entries, (issue) => {
    const key = String((issue.path?.at(-1) as { key?: unknown } | undefined)?.key ?? '');
    if (issue.expected === 'never') return unknownKey(what, key, Object.keys(entries)).message;
    return key && issue.expected === `"${key}"`
      ? `${what} needs "${key}".`
      : `${what} must be an object, got ${issue.received}.`;
  }) as never;
}

/** Optional entries of one type. */
export function options<const K extends string, T extends v.GenericSchema>(
  names: readonly K[],
  type: T,
): Record<K, v.OptionalSchema<T, undefined>> {
  return Object.fromEntries(names.map((option) => [option, v.optional(type)])) as never;
}

/** A list without two equal entries. */
export function distinct<T>(what: string): v.CheckAction<T[], v.ErrorMessage<v.CheckIssue<T[]>>> {
  const twice = (list: T[]): T | undefined =>
    list.find((entry, i) => list.slice(0, i).some((before) => isDeepStrictEqual(before, entry)));
  return v.check(
    (list: T[]) => twice(list) === undefined,
    ({ input }) => `the same ${what} stands there twice, ${show(twice(input))}: leave one out.`,
  );
}

interface Typed {
  readonly entries: { readonly type: { readonly literal: string } };
}

/** `{ type, ...options }` of the included types, or of those that packages have defined when something is checked. */
export function withDefined<S extends v.VariantSchema<'type', v.VariantOptions<'type'>, undefined>>(
  what: string,
  included: S,
  defined: () => readonly string[],
): v.LazySchema<S> {
  const names = included.options.map((option) => (option as unknown as Typed).entries.type.literal);
  return v.lazy(() => {
    const own = defined().map((type) => {
      if (!names.includes(type)) return v.looseObject({ type: v.literal(type) });
      throw new LeaError('E_TYPE_TAKEN', `The bench has a ${what} of that type.`, {
        value: type,
        hint: 'Define it by another name.',
      });
    });
    return v.variant('type', [...included.options, ...own]) as unknown as S;
  });
}
