import { checkNumbers, checkObjects, checkRanges } from '@lea/core';

/** An item index and its score. */
export interface Scored {
  /** Index of the item. */
  readonly item: number;
  /** Its score; higher is better. */
  readonly score: number;
}

/** Which items `topK` ranks. */
export interface TopKOptions {
  /** Items to exclude. Default: none. */
  readonly exclude?: ReadonlySet<number> | undefined;
  /** The only items to rank, in ascending order. Default: all. */
  readonly candidates?: ArrayLike<number> | undefined;
}

/**
 * The `k` best of `scores`, best first; ties go to the smaller index. NaN and excluded items are left out, so the result may
 * have fewer than `k` items.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function topK(scores: ArrayLike<number>, k: number, options: TopKOptions = {}): Scored[] {
  checkNumbers('topK', { scores });
  checkObjects('topK', { options });
  const { exclude, candidates } = options;
  checkRanges('topK', { k }, { k: [0, Number.MAX_VALUE, 'whole'] });
  if (k === 0) return [];
  const better = (a: number, b: number) => scores[b]! - scores[a]! || a - b;
  // Collect up to 2k items before sorting and truncating, so that a large k is cheap as well.
  let kept: number[] = [];
  let least: number | undefined;
  const count = candidates?.length ?? scores.length;
  for (let i = 0; i < count; i++) {
    const item = candidates ? candidates[i]! : i;
    const score = scores[item]!;
    if (Number.isNaN(score) || (least !== undefined && score <= least) || exclude?.has(item)) continue;
    kept.push(item);
    if (kept.length < 2 * k) continue;
    kept = kept.sort(better).slice(0, k);
    least = scores[kept.at(-1)!]!;
  }
  return kept
    .sort(better)
    .slice(0, k)
    .map((item) => ({ item, score: scores[item]! }));
}
