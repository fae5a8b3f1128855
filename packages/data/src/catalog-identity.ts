import { checkArrays, contentHash, LeaError } from '@lea/core';

/** Which items the indices of a fit are. */
export interface CatalogIdentity {
  readonly count: number;
  /** Hash of the ids, in their order. */
  readonly hash: string;
}

export function catalogIdentityOf(itemIds: readonly string[]): CatalogIdentity {
  checkArrays('catalogIdentityOf', { itemIds });
  return { count: itemIds.length, hash: contentHash(itemIds) };
}

/**
 * Refuses data in whose indices other items are meant.
 *
 * @param catalogIdentity of the fit; one from an older file is not known, and then numbers are all there is to compare
 * @param items how many there have to be: those of the fit and, perhaps, further ones after them, whose ids may be any
 * @throws LeaError `E_OPTION_VALUE`
 */
export function checkCatalogIdentity(
  what: string,
  itemIds: readonly string[],
  catalogIdentity: CatalogIdentity | undefined,
  items: number,
): void {
  checkArrays('checkCatalogIdentity', { itemIds });
  if (itemIds.length !== items) {
    throw new LeaError('E_OPTION_VALUE', `${what}: there are ${itemIds.length} items in the data, not ${items}.`);
  }
  if (!catalogIdentity || catalogIdentityOf(itemIds.slice(0, catalogIdentity.count)).hash === catalogIdentity.hash)
    return;
  throw new LeaError('E_OPTION_VALUE', `${what}: its items are not those of the fit in the same order.`, {
    hint: 'Cut all sets from the same interactions, or read them with the same ids.',
  });
}
