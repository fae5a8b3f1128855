import { checkChoices, LeaError, withDefaults } from '@lea/core';
import type { Scored } from '@lea/data';
import { type ItemIndex, indicesOf } from './item-index.ts';

/** A user whom something is recommended to. */
export interface Query {
  /** Item ids, oldest first. */
  readonly history: readonly string[];
}

/** An item and its score. */
export interface Recommendation {
  readonly id: string;
  readonly score: number;
}

export interface RecommendOptions {
  /** Items not to recommend: those of the user's own history, or these ids. Default: none are left out. */
  exclude?: 'seen' | readonly string[];
  /** The only ids to rank, in any order. Those that the policy does not know cannot be ranked and are left out. Default: all. */
  candidates?: readonly string[];
  /**
   * Effect of an id in a history that the policy does not know. Default `ignore`: it is left out, and counted in
   * `Policy.ignored`. `raise` makes it an error.
   */
  unknown?: 'ignore' | 'raise';
}

/** Ids to indices, and the lists back to ids. */
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
  if (!index) {
    throw new LeaError('E_ITEM_IDS', 'This policy knows no item ids, only indices.', {
      hint: 'Create it with { itemIds }, or call recommendIndices.',
    });
  }
  const { exclude, candidates, unknown } = withDefaults<{
    exclude: RecommendOptions['exclude'];
    candidates: RecommendOptions['candidates'];
    unknown: 'ignore' | 'raise';
  }>('recommend', { exclude: undefined, candidates: undefined, unknown: 'ignore' }, options);
  checkChoices('recommend', { unknown }, { unknown: ['ignore', 'raise'] });
  let unknowns = 0;
  const histories = queries.map((query, row) => {
    const found = indicesOf(index, query?.history, `the history of query ${row}`);
    if (unknown === 'raise' && found.unknown.length > 0) {
      throw new LeaError('E_ID_UNKNOWN', `The policy does not know an item in the history of query ${row}.`, {
        value: found.unknown[0],
        hint: "Train the policy on newer data, or leave out unknown: 'raise'.",
      });
    }
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
