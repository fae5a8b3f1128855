import { LeaError } from '@lea/core';

/** A user's contribution to the text or an attribute of an item, such as a tag or a review. */
export interface Contribution {
  /** Raw user id, as in the interactions. */
  user: string;
  /** Raw item id, as in the interactions. */
  item: string;
}

/** Item texts, aligned with the items of the interactions. */
export interface ItemTexts {
  /** Raw item ids; an item's index is its position. */
  itemIds: string[];
  /** [items] text of each item */
  texts: string[];
  /** Attribute name -> [items] values; '' where an item lacks the attribute. */
  attributes?: Record<string, string[]>;
  /** Who contributed to which text, if users wrote them; checked by `findTextLeaks`. */
  contributions?: Contribution[];
}

/** Text and attributes of one item. */
export interface ItemRecord {
  text: string;
  attributes: Record<string, string>;
}

/**
 * The catalog of `itemIds`, in their order.
 *
 * @param missingText for items without text: `throw` (default) throws, `id` uses the raw id as the text
 * @throws LeaError `E_TEXT_MISSING`, which names up to five ids
 */
export function alignItemTexts(
  records: ReadonlyMap<string, ItemRecord>,
  itemIds: readonly string[],
  missingText: 'throw' | 'id' = 'throw',
): ItemTexts {
  const without = itemIds.filter((id) => !records.get(id)?.text);
  if (without.length > 0 && missingText === 'throw') {
    throw new LeaError(
      'E_TEXT_MISSING',
      `${without.length} of ${itemIds.length} items ${without.length === 1 ? 'has' : 'have'} no text.`,
      {
        value: without.slice(0, 5),
        hint: 'Add their texts, or set missingText to "id" to use the ids as texts.',
      },
    );
  }
  const names = new Set([...records.values()].flatMap((record) => Object.keys(record.attributes)));
  const column = (name: string) => itemIds.map((id) => records.get(id)?.attributes[name] ?? '');
  return {
    itemIds: [...itemIds],
    texts: itemIds.map((id) => records.get(id)?.text || id),
    ...(names.size > 0 && { attributes: Object.fromEntries([...names].map((name) => [name, column(name)])) }),
  };
}
