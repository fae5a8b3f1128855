import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import { isItemList, type Scored, topK, windowsOf } from '@lea/data';
import type { ItemIndex } from './item-index.ts';
import { type Query, type Recommendation, type RecommendOptions, recommendIds } from './recommend.ts';
import type { ScoreRuns } from './runs.ts';

/** Options of `Policy.recommendIndices`. */
export interface RecommendIndicesOptions {
  /** Items to exclude: `seen` for the items of the history, or a list of indices. Default: none. */
  exclude?: 'seen' | readonly number[] | undefined;
  /** Indices of the only items to rank, in any order; duplicates are ignored. Default: all items. */
  candidates?: readonly number[] | undefined;
  /**
   * For item indices outside 0..N-1 in a history: `ignore` leaves them out and counts them in `Policy.ignored`, `throw` throws.
   * Numbers that are not whole always throw. Default: `ignore`.
   */
  unknown?: 'ignore' | 'throw' | undefined;
}

/** Ranks the items of a catalog for users. */
export interface Recommender {
  /**
   * The `k` best items for each history (item indices, oldest first, any length), best first. A list is shorter if fewer than
   * `k` items remain; items with a NaN score are left out.
   *
   * @throws LeaError `E_HISTORY` (not an array of arrays; names the row), `E_ITEM_RANGE` (an index in `candidates`, `exclude`
   *   or, with `unknown: 'throw'`, in a history is outside 0..N-1, or is not a whole number; names the value), `E_SCORES_NAN` (no
   *   finite score, because the weights are damaged), `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DISPOSED`
   */
  recommendIndices(
    histories: readonly ArrayLike<number>[],
    k: number,
    options?: RecommendIndicesOptions,
  ): Promise<Scored[][]>;
  /**
   * The `k` best items for a user or for each of several users, by raw item ids: `recommend({ history: ['sku-7'] }, 5)`. Ids do
   * not depend on the order of the current catalog. Ids that the policy does not know are ignored and counted.
   *
   * @throws LeaError `E_ITEM_IDS` (the policy has no ids), `E_HISTORY` (not an array of ids), `E_ID_UNKNOWN` (with
   *   `unknown: 'throw'`), and the errors of `recommendIndices`
   */
  recommend(query: Query, k: number, options?: RecommendOptions): Promise<Recommendation[]>;
  recommend(queries: readonly Query[], k: number, options?: RecommendOptions): Promise<Recommendation[][]>;
  /**
   * Number of unknown items that calls (`recommend`, `recommendIndices`, `observe`) have ignored since the policy was created.
   * Monitor it: it grows when the catalog has changed and the policy should be trained again.
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
    checkChoices('recommendIndices', { unknown }, { unknown: ['ignore', 'throw'] });
    if (typeof exclude === 'string') checkChoices('recommendIndices', { exclude }, { exclude: ['seen'] });
    const ranked = candidates && Int32Array.from(itemSet('candidates', candidates, items)).sort();
    const excluded = exclude === 'seen' || !exclude ? exclude : itemSet('exclude', exclude, items);
    const known = unknown === 'throw' ? histories : knownOnly(histories, items);
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
  unknown: 'ignore' | 'throw';
} = { exclude: undefined, candidates: undefined, unknown: 'ignore' };

/** Removes unknown items from histories. Invalid histories and indices are left for `windowsOf` to report. */
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
    throw new LeaError('E_OPTION_VALUE', `recommendIndices: ${name} must be an array of items.`, { value: list });
  }
  const set = new Set(list);
  for (const item of set) {
    if (isItem(item, items)) continue;
    throw new LeaError('E_ITEM_RANGE', `recommendIndices: items of ${name} must be in 0..${items - 1}.`, {
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
    hint: 'The weights or text vectors are damaged. Train, load or export the policy again.',
  });
}
