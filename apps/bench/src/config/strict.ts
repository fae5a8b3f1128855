import { isDeepStrictEqual } from 'node:util';
import { show, unknownKey } from '@lea/core';
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
