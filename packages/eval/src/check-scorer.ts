import { LeaError } from '@lea/core';
import { catalogIdentityOf, type Scorer } from '@lea/data';

/**
 * Refuses data in whose indices other items are meant than in those of the scorer.
 *
 * @throws LeaError `E_CATALOG_SIZE`, `E_CATALOG_DIFFERS`
 */
export function checkItems(
  { name, items, itemIds, catalogIdentity }: Omit<Scorer, 'score'>,
  data: readonly string[],
): void {
  if (items !== data.length) {
    throw new LeaError('E_CATALOG_SIZE', `Expected ${name} to score the ${data.length} items of the data.`, {
      value: items,
      hint: 'Evaluate on a split of the data that the scorer was fitted to.',
    });
  }
  if (itemIds) checkIds(name, itemIds, data);
  // Further items may follow those of the catalog that the scorer was fitted on.
  else if (catalogIdentity && catalogIdentityOf(data.slice(0, catalogIdentity.count)).hash !== catalogIdentity.hash) {
    throw otherCatalog(name, 'the ids or their order differ');
  }
}

function checkIds(name: string, own: readonly string[], data: readonly string[]): void {
  if (own === data || own.every((id, index) => id === data[index])) return;
  const [known, there] = [new Set(own), new Set(data)];
  const missing = own.filter((id) => !there.has(id)).length;
  const added = data.filter((id) => !known.has(id)).length;
  throw otherCatalog(
    name,
    missing + added > 0 ? `${missing} of its items are missing, ${added} are new` : 'the order of the items differs',
  );
}

function otherCatalog(name: string, what: string): LeaError {
  return new LeaError('E_CATALOG_DIFFERS', `${name} was trained on a different catalog than the data has: ${what}.`, {
    hint: 'Read the data with the item ids of the training (option "ids" of readInteractions), or train again.',
  });
}

/** @throws LeaError `E_SCORE_SHAPE` */
export function checkRanks({ name, items }: Scorer, ranks: Int32Array, size: number): void {
  if (
    ranks instanceof Int32Array &&
    ranks.length === size &&
    ranks.every((rank) => Number.isInteger(rank) && rank >= 0 && rank <= items)
  )
    return;
  throw new LeaError('E_SCORE_SHAPE', `${name} returned no ranks for ${size} histories.`, {
    value: ranks,
    hint: `ranks must return ${size} whole numbers in 0..${items}. Leave it out to be ranked by score.`,
  });
}
