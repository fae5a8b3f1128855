/** An item index and its score. */
export interface Scored {
  readonly item: number;
  readonly score: number;
}

/**
 * The `k` best of `scores`, best first; the smaller index among equals. NaN and the items of `exclude` are left out, so
 * fewer than `k` may come back.
 */
export function topK(scores: ArrayLike<number>, k: number, exclude: ReadonlySet<number> = new Set()): Scored[] {
  const best: Scored[] = [];
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!;
    const full = best.length >= k;
    if (Number.isNaN(score) || (full && !(score > (best.at(-1)?.score ?? Infinity))) || exclude.has(item)) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.score < score) at--;
    best.splice(at, 0, { item, score });
    if (full) best.pop();
  }
  return best;
}
