import { LeaError, show } from '@lea/core';

/** Maps between the item ids and the item indices of a policy. */
export interface ItemIndex {
  readonly ids: readonly string[];
  /** The index of an id, or undefined for one that the policy does not know. */
  indexOf(id: string): number | undefined;
}

/** Creates the index of some ids. @throws LeaError `E_ITEM_IDS` (not one string per item, or duplicates) */
export function itemIndex(ids: readonly string[], items: number): ItemIndex {
  if (ids.length !== items) throw badIds(`Expected ${items} item ids, one per item of the policy`, ids.length);
  const byId = new Map<string, number>();
  for (const [index, id] of ids.entries()) {
    if (typeof id !== 'string') throw badIds(`Expected a string as the id of item ${index}`, id);
    if (byId.has(id)) throw badIds(`Items ${byId.get(id)} and ${index} have the same id`, id);
    byId.set(id, index);
  }
  return { ids: [...ids], indexOf: (id) => byId.get(id) };
}

/** Converts ids to indices; unknown ids are returned separately. @throws LeaError `E_HISTORY` */
export function indicesOf(
  index: ItemIndex,
  ids: readonly string[],
  what: string,
  hint = 'Ids are strings, as in the log. To pass item indices, use recommendIndices.',
): { known: number[]; unknown: string[] } {
  const known: number[] = [];
  const unknown: string[] = [];
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== 'string')) {
    throw new LeaError(
      'E_HISTORY',
      `Expected ${what === 'exclude' ? '"seen" or ' : ''}a list of item ids as ${what}.`,
      {
        value: ids,
        hint,
      },
    );
  }
  for (const id of ids) {
    const at = index.indexOf(id);
    if (at === undefined) unknown.push(id);
    else known.push(at);
  }
  return { known, unknown };
}

/** Refuses ids that the index does not know. @param where such as `The history of query 0 contains` @throws LeaError `E_ID_UNKNOWN` */
export function refuseUnknown({ unknown }: { unknown: readonly string[] }, where: string): void {
  if (unknown.length === 0) return;
  throw new LeaError('E_ID_UNKNOWN', `${where} an item that the policy does not know.`, {
    value: unknown[0],
    hint: "Train the policy on newer data, or use unknown: 'ignore'.",
  });
}

/** The error of a call by ids to a policy without ids. @param instead the method that takes indices */
export function withoutIds(instead: string): LeaError {
  return new LeaError('E_ITEM_IDS', 'The policy has no item ids.', {
    hint: `Create it with { itemIds }, or call ${instead}.`,
  });
}

function badIds(what: string, value: unknown): LeaError {
  return new LeaError('E_ITEM_IDS', `${what}, got ${show(value)}.`, {
    hint: 'Pass the itemIds of the data that the policy was trained on.',
  });
}
