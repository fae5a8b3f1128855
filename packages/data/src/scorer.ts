import { checkFunctions, checkObjects, LeaError } from '@lea/core';
import type { CatalogIdentity } from './catalog-identity.ts';
import { checkWindows } from './check-windows.ts';
import type { Windows } from './windows.ts';

/**
 * Anything that scores every item of the catalog for a history: policies and memories of `@lea/agents`, environments of
 * `@lea/env`, baselines of `@lea/eval`, or your own. `{ ...scorer, name }` is the same scorer with another name.
 */
export interface Scorer {
  /** Name for tables and errors. */
  readonly name: string;
  /** Number of items that it scores. */
  readonly items: number;
  /** [items] raw ids by index, if known: data with other items are refused. */
  readonly itemIds?: readonly string[] | undefined;
  /** Count and hash of the ids, if only these are known. */
  readonly catalogIdentity?: CatalogIdentity | undefined;
  /** Number of last items of a history that it reads. */
  readonly window: number;
  /**
   * Scores all items for each history: `[histories.size, items]`, flat, higher is better. `-Infinity` is allowed, NaN is not.
   */
  score(histories: Windows): Scores | Promise<Scores>;
  /**
   * The rank of one item per history among all items by `score`, for scorers that can count inside their runtime: `evaluate` is
   * then faster, because the scores never leave it. {@link ranksBy} makes it. Default: none, `score` is called.
   *
   * @param targets [histories.size] the item of each history
   * @param excluded [histories.size] the items of each history that are left out; the target stays. Default: none
   * @returns [histories.size] one plus the number of items with a higher score, or with an equal score and a smaller index; 0
   *   where that is unknown because a score may be NaN
   */
  ranks?(
    histories: Windows,
    targets: Int32Array,
    excluded?: readonly ArrayLike<number>[],
  ): Int32Array | Promise<Int32Array>;
}

/** Scores `[histories, items]`, flat. */
export type Scores = Float32Array | Float64Array;

type Ranks = NonNullable<Scorer['ranks']>;

/**
 * The method `ranks` of a scorer with this `score`, which checks its arguments. In a copy with another one, `{ ...scorer, score }`,
 * the ranks are unknown (0), so `evaluate` asks that `score`.
 *
 * @param ranks counts by `score`
 * @throws LeaError when it is called: `E_WINDOWS` (not one target, or one list of excluded items, per history), `E_ITEM_RANGE`
 */
export function ranksBy(
  scorer: Pick<Scorer, 'score' | 'items'>,
  ranks: Ranks,
): (...given: Parameters<Ranks>) => Promise<Int32Array> {
  checkObjects('ranksBy', { scorer });
  const { score, items } = scorer;
  checkFunctions('ranksBy', { score, ranks });
  return async function (this: { readonly score?: unknown } | undefined, histories, targets, excluded) {
    if (this?.score !== undefined && this.score !== score) return new Int32Array(targets.length);
    checkWindows(histories, items);
    checkCount('targets', targets, histories.size);
    if (excluded) checkCount('excluded', excluded, histories.size);
    for (const list of [targets, ...(excluded ?? [])]) checkRange(list, items);
    return ranks(histories, Int32Array.from(targets), excluded);
  };
}

function checkCount(name: string, list: ArrayLike<unknown>, count: number): void {
  if (list?.length === count) return;
  throw new LeaError('E_WINDOWS', `ranks: expected one of ${name} for each of the ${count} histories.`, {
    value: list?.length,
  });
}

function checkRange(list: ArrayLike<number>, items: number): void {
  for (let i = 0; i < list.length; i++) {
    if (Number.isInteger(list[i]) && list[i]! >= 0 && list[i]! < items) continue;
    throw new LeaError('E_ITEM_RANGE', `ranks: items must be in 0..${items - 1}.`, { value: list[i] });
  }
}
