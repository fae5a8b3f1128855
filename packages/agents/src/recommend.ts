import { checkChoices, checkRanges, withDefaults } from '@lea/core';
import type { Scored } from '@lea/data';
import { type ItemIndex, indicesOf, refuseUnknown, withoutIds } from './item-index.ts';

/** A user to recommend items to. */
export interface Query {
  /** Raw ids of the user's items, oldest first. */
  readonly history: readonly string[];
}

/** An item and its score. */
export interface Recommendation {
  /** Raw id of the item. */
  readonly id: string;
  /** Its score; higher is better. */
  readonly score: number;
}

/** Options of `Policy.recommend`. */
export interface RecommendOptions {
  /** Items to exclude: `seen` for the items of the history, or a list of ids. Default: none. */
  exclude?: 'seen' | readonly string[] | undefined;
  /** Ids of the only items to rank, in any order. Ids that the policy does not know are ignored. Default: all items. */
  candidates?: readonly string[] | undefined;
  /**
   * For ids in a history that the policy does not know: `ignore` leaves them out and counts them in `Policy.ignored`, `throw`
   * throws. Default: `ignore`.
   */
  unknown?: 'ignore' | 'throw' | undefined;
}

/** What to pass in place of a history that is none. */
const QUERIES =
  "Pass queries such as [{ history: ['a', 'b'] }], with ids as in the log. For item indices use recommendIndices.";

/** Converts the ids of queries to indices, and the recommended indices back to ids. */
export async function recommendIds(
  index: ItemIndex | undefined,
  queries: readonly Query[],
  k: number,
  options: RecommendOptions | undefined,
  recommendIndices: (
    histories: readonly (readonly number[])[],
    k: number,
    options: { exclude?: 'seen' | readonly number[]; candidates?: readonly number[] },
  ) => Promise<Scored[][]>,
  ignore: (count: number) => void,
): Promise<Recommendation[][]> {
  if (!index) throw withoutIds('recommendIndices');
  const { exclude, candidates, unknown } = withDefaults<{
    exclude: RecommendOptions['exclude'];
    candidates: RecommendOptions['candidates'];
    unknown: 'ignore' | 'throw';
  }>('recommend', { exclude: undefined, candidates: undefined, unknown: 'ignore' }, options);
  checkRanges('recommend', { k }, { k: [0, Infinity, 'whole'] });
  checkChoices('recommend', { unknown }, { unknown: ['ignore', 'throw'] });
  let unknowns = 0;
  const histories = queries.map((query, row) => {
    const found = indicesOf(index, query?.history, `the history of query ${row}`, QUERIES);
    if (unknown === 'throw') refuseUnknown(found, `The history of query ${row} contains`);
    unknowns += found.unknown.length;
    return found.known;
  });
  const lists = await recommendIndices(histories, k, {
    ...(exclude && { exclude: exclude === 'seen' ? exclude : indicesOf(index, exclude, 'exclude').known }),
    ...(candidates && { candidates: indicesOf(index, candidates, 'candidates').known }),
  });
  ignore(unknowns);
  return lists.map((list) => list.map(({ item, score }) => ({ id: index.ids[item]!, score })));
}
