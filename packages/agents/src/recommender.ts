import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import { isItemList, windowsOf } from '@lea/data';
import type { ItemIndex } from './item-index.ts';
import { type Query, type Recommendation, type RecommendOptions, recommendIds } from './recommend.ts';
import type { ScoreRuns } from './runs.ts';
import { type Scored, topK } from './topk.ts';

export interface RecommendIndicesOptions {
  /** Items not to recommend: those of the user's own history, or these. Default: none are left out. */
  exclude?: 'seen' | readonly number[];
  /** The only items to rank, in any order; repeats count once. Default: all. */
  candidates?: readonly number[];
  /**
   * What an item index outside 0..N-1 in a history does. Default `ignore`: it is left out, and counted in
   * `Policy.ignored`. `raise` makes it an error. What is no whole number is always one.
   */
  unknown?: 'ignore' | 'raise';
}

/** Ranks the items of a catalogue for users. */
export interface Recommender {
  /**
   * The `k` best items for each history (item indices, oldest first, any length), best first. Lists are shorter where
   * fewer than `k` items are left; items whose score is NaN are left out.
   *
   * @throws LeaError `E_HISTORY` (no list of histories, or one that is no list of items; names the row), `E_ITEM_RANGE` (an
   *   item of `candidates`, `exclude` or, with `unknown: 'raise'`, an event outside 0..N-1, or one that is no whole number;
   *   names the value), `E_SCORES_NAN`
   *   (no finite score: the weights are damaged), `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DISPOSED`
   */
  recommendIndices(
    histories: readonly ArrayLike<number>[],
    k: number,
    options?: RecommendIndicesOptions,
  ): Promise<Scored[][]>;
  /**
   * The `k` best items for a user, or for each of several, by the ids of the log: `recommend({ history: ['sku-7'] }, 5)`.
   * Ids keep their meaning whatever order today's catalog has; ids that are newer than the policy are ignored and counted.
   *
   * @throws LeaError `E_ITEM_IDS` (the policy knows no ids), `E_HISTORY` (no list of ids), `E_ID_UNKNOWN` (with
   *   `unknown: 'raise'`), and those of `recommendIndices`
   */
  recommend(query: Query, k: number, options?: RecommendOptions): Promise<Recommendation[]>;
  recommend(queries: readonly Query[], k: number, options?: RecommendOptions): Promise<Recommendation[][]>;
  /**
   * Events that `recommend` and `recommendIndices` have left out since the policy was made because their items are unknown. To be watched: it
   * grows when the catalogue has moved on and the policy should be trained again.
   */
  readonly ignored: number;
}

/** Lists out of scores. @param index the items' ids, where they are known */
export function recommender(
  { items, window }: { readonly items: number; readonly window: number },
  index: ItemIndex | undefined,
  runs: ScoreRuns,
): Recommender {
  let ignored = 0;
  const recommendIndices: Recommender['recommendIndices'] = async (histories, k, options) => {
    const { exclude, candidates, unknown } = withDefaults('recommendIndices', recommendDefaults, options);
    checkRanges('recommendIndices', { k }, { k: [0, Infinity, 'whole'] });
    checkChoices('recommendIndices', { unknown }, { unknown: ['ignore', 'raise'] });
    if (typeof exclude === 'string') checkChoices('recommendIndices', { exclude }, { exclude: ['seen'] });
    const ranked = candidates && Int32Array.from(itemSet('candidates', candidates, items)).sort();
    const excluded = exclude === 'seen' || !exclude ? exclude : itemSet('exclude', exclude, items);
    const known = unknown === 'raise' ? histories : knownOnly(histories, items);
    const windows = windowsOf(known, window, items);
    ignored += events(histories) - events(known);
    const lists: Scored[][] = [];
    await runs(windows, (scores, from) => {
      for (let at = 0; at < scores.length; at += items) {
        const own = scores.subarray(at, at + items);
        const row = from + at / items;
        if (!own.some(Number.isFinite)) throw withoutScores(row);
        const without = excluded === 'seen' ? new Set(Array.from(known[row]!)) : excluded;
        lists.push(topK(own, k, { ...(without && { exclude: without }), ...(ranked && { candidates: ranked }) }));
      }
    });
    return lists;
  };
  return {
    get ignored() {
      return ignored;
    },
    recommendIndices,
    recommend: (async (asked: Query | readonly Query[], k: number, options?: RecommendOptions) => {
      const queries = [asked].flat() as Query[];
      const lists = await recommendIds(index, queries, k, options, recommendIndices, (count) => {
        ignored += count;
      });
      return Array.isArray(asked) ? lists : lists[0]!;
    }) as Recommender['recommend'],
  };
}

const recommendDefaults: {
  exclude: RecommendIndicesOptions['exclude'];
  candidates: RecommendIndicesOptions['candidates'];
  unknown: 'ignore' | 'raise';
} = { exclude: undefined, candidates: undefined, unknown: 'ignore' };

/** The histories without unknown items; what is no history or no index is left for `windowsOf` to name. */
function knownOnly(histories: readonly ArrayLike<number>[], items: number): readonly ArrayLike<number>[] {
  const known = (history: ArrayLike<number>) =>
    Array.from(history).filter((item) => isItem(item, items) || !Number.isInteger(item));
  if (!isItemList(histories)) return histories;
  return histories.map((history) => (isItemList(history) ? known(history) : history));
}

function events(histories: readonly ArrayLike<number>[]): number {
  return histories.reduce((sum, { length }) => sum + length, 0);
}

/** @throws LeaError `E_OPTION_VALUE`, `E_ITEM_RANGE` */
function itemSet(name: string, list: readonly number[], items: number): Set<number> {
  if (!isItemList(list)) {
    throw new LeaError('E_OPTION_VALUE', `recommendIndices: ${name} must be a list of items.`, { value: list });
  }
  const set = new Set(list);
  for (const item of set) {
    if (isItem(item, items)) continue;
    throw new LeaError('E_ITEM_RANGE', `recommendIndices: ${name} holds what is no item of 0..${items - 1}.`, {
      value: item,
    });
  }
  return set;
}

function isItem(item: number, items: number): boolean {
  return Number.isInteger(item) && item >= 0 && item < items;
}

function withoutScores(row: number): LeaError {
  return new LeaError('E_SCORES_NAN', `History ${row} has no finite score.`, {
    hint: 'The weights or text vectors are damaged: train, load or export the policy again.',
  });
}
