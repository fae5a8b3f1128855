import { LeaError, nearest } from '@lea/core';

/**
 * The distinct ids, sorted; an id's index is its position. The order is numeric if every id is a canonical integer (`7`, `-3`,
 * not `07`) up to 2^53, otherwise by UTF-16 code units (JavaScript's `<`, the same on every machine and in every locale).
 */
export function orderedIds(raw: Iterable<string>): string[] {
  const ids = [...new Set(raw)];
  if (!ids.every(isInteger)) return ids.sort();
  // Numbers sort much faster than their texts, and are written in the same way.
  return Array.from(Float64Array.from(ids, Number).sort(), String);
}

/** The distinct ids as in `orderedIds`, and [raw] the index of each. Takes little time if they are given like that. */
export function rankedIds(raw: string[]): { ids: string[]; index: Int32Array } {
  const value: (id: string) => string | number = raw.every(isInteger) ? Number : (id) => id;
  if (raw.every((id, at) => at === 0 || value(raw[at - 1]!) < value(id))) {
    return { ids: raw, index: Int32Array.from(raw.keys()) };
  }
  const ids = orderedIds(raw);
  return { ids, index: indicesIn(indexOf(ids), raw) };
}

/** [texts] the index of each, -1 if it has none. */
export function indicesIn(index: ReadonlyMap<string, number>, texts: readonly string[]): Int32Array {
  return Int32Array.from(texts, (text) => index.get(text) ?? -1);
}

/** id -> index. */
export function indexOf(ids: readonly string[]): Map<string, number> {
  const index = new Map<string, number>();
  for (let i = 0; i < ids.length; i++) index.set(ids[i]!, i);
  return index;
}

/**
 * Maps each id of a given list to its position.
 *
 * @throws LeaError `E_ID_DUPLICATE`
 */
export function pinnedIndex(ids: readonly string[], what: string): Map<string, number> {
  const index = indexOf(ids);
  if (index.size < ids.length) {
    throw new LeaError('E_ID_DUPLICATE', `The list of ${what} ids contains a duplicate.`, {
      value: ids.find((id, i) => index.get(id) !== i),
      hint: 'List every id once.',
    });
  }
  return index;
}

/** The error for an id outside a known set; `where` names the list or the line of the file. */
export function unknownId(where: string, id: string, known: readonly string[]): LeaError {
  const near = nearest(id, known.length > 5000 ? known.slice(0, 5000) : known);
  return new LeaError('E_ID_UNKNOWN', `${where}: unknown id.`, {
    value: id,
    hint: `${near ? `The nearest known id is "${near}". ` : ''}It is none of the ${known.length} known ids. Add it, or drop the row.`,
  });
}

/** Maps of JavaScript hold no more keys. */
const MOST_DISTINCT = 2 ** 24;

/**
 * Refuses more distinct ids than can be indexed.
 *
 * @param where describes the column
 * @throws LeaError `E_DATA_LARGE`
 */
export function checkDistinct(count: number, where: () => string): void {
  if (count <= MOST_DISTINCT) return;
  throw new LeaError(
    'E_DATA_LARGE',
    `${where()}: there are more than ${MOST_DISTINCT.toLocaleString('en')} distinct values, the most that are possible.`,
    {
      value: count,
      hint: 'Choose another column, or read some of the users or items by a query: { sql: "select ... where hash(user) % 10 = 0" }.',
    },
  );
}

function isInteger(id: string): boolean {
  return /^(0|-?[1-9]\d*)$/.test(id) && Number.isSafeInteger(Number(id));
}
