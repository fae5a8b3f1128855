import { LeaError } from '@lea/core';

/** A user's part in the text or an attribute of an item: a tag, a review. Raw ids of the interactions. */
export interface Contribution {
  user: string;
  item: string;
}

/** Item texts, aligned with the items of the interactions. */
export interface Catalog {
  itemIds: string[];
  /** [items] */
  texts: string[];
  /** Name -> [items]; '' where an item has none. */
  attributes?: Record<string, string[]>;
  /** Who had a part in which text, when users made them: what `findTextLeaks` checks. */
  contributions?: Contribution[];
}

/** What is known of each raw id. */
export interface ItemRecord {
  text: string;
  attributes: Record<string, string>;
}

/**
 * The catalogue of `itemIds`, in their order.
 *
 * @param missingText what an item without text gets: `raise` (default) an error, `id` its raw id as text
 * @throws LeaError `E_TEXT_MISSING` naming up to five ids
 */
export function alignCatalog(
  records: ReadonlyMap<string, ItemRecord>,
  itemIds: readonly string[],
  missingText: 'raise' | 'id' = 'raise',
): Catalog {
  const without = itemIds.filter((id) => !records.get(id)?.text);
  if (without.length > 0 && missingText === 'raise') {
    throw new LeaError('E_TEXT_MISSING', `${without.length} of ${itemIds.length} items have no text.`, {
      value: without.slice(0, 5),
      hint: 'Add their texts, or set missingText to "id" to use the ids as texts.',
    });
  }
  const names = new Set([...records.values()].flatMap((record) => Object.keys(record.attributes)));
  const column = (name: string) => itemIds.map((id) => records.get(id)?.attributes[name] ?? '');
  return {
    itemIds: [...itemIds],
    texts: itemIds.map((id) => records.get(id)?.text || id),
    ...(names.size > 0 && { attributes: Object.fromEntries([...names].map((name) => [name, column(name)])) }),
  };
}
