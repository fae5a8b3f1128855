import { LeaError, nearest } from '@lea/core';

/**
 * Distinct ids in the order that gives them their index: numeric when every id is a canonical integer (`7`, `-3`, not `07`),
 * else by UTF-16 code units (the order of JavaScript's `<`, the same on every machine and locale).
 */
export function orderedIds(raw: Iterable<string>): string[] {
  const ids = [...new Set(raw)];
  return ids.every(isInteger) ? ids.sort((a, b) => Number(a) - Number(b)) : ids.sort((a, b) => (a < b ? -1 : 1));
}

/** id -> index. */
export function indexOf(ids: readonly string[]): Map<string, number> {
  return new Map(ids.map((id, i) => [id, i]));
}

/**
 * The index of a pinned list of ids.
 *
 * @throws LeaError `E_ID_DUPLICATE`
 */
export function pinnedIndex(ids: readonly string[], what: string): Map<string, number> {
  const index = indexOf(ids);
  if (index.size < ids.length) {
    throw new LeaError('E_ID_DUPLICATE', `The given ${what} ids hold one id more than once.`, {
      value: ids.find((id, i) => index.get(id) !== i),
      hint: 'Give every id once.',
    });
  }
  return index;
}

/** The error for an id outside a known set; `where` says which list or file line held it. */
export function unknownId(where: string, id: string, known: readonly string[]): LeaError {
  const near = nearest(id, known.length > 5000 ? known.slice(0, 5000) : known);
  return new LeaError('E_ID_UNKNOWN', `${where}: unknown id.`, {
    value: id,
    hint: `${near ? `The nearest known one is "${near}". ` : ''}${known.length} ids are known; add this one to them or drop the row.`,
  });
}

function isInteger(id: string): boolean {
  return /^(0|-?[1-9]\d*)$/.test(id) && Number.isSafeInteger(Number(id));
}
