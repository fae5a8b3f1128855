import { type Given, type OptionsSchema, option, parseOptions, share, whole, wholeOrInfinity } from '@lea/core';
import type { Scorer } from '@lea/data';
import { addRow, checkTransitions, type SparseRows, sparseRows, type Transitions } from '@lea/data';
import { tieBreak } from './popularity.ts';
import { priorScorer } from './prior-scorer.ts';
import { addRepeat, type Repeat, repeat } from './repeat.ts';
import { type UserItems, userItems } from './user-items.ts';

/** Options of {@link itemKnn}. */
export interface ItemKnnOptions {
  /** Number of last items of the history that are used. Default: 10. */
  readonly window: number;
  /** The weight of an item is `decay^j`, with j = 0 for the last. Lower values emphasize the last item. Default: 0.8. */
  readonly decay: number;
  /**
   * Exponent of the counts that normalize the similarity; 0.5 is the cosine. Higher values favor rare items. Default:
   * 0.5.
   */
  readonly countPower: number;
  /** Number of nearest items per item. Smaller values need less memory and time. Default: Infinity (all). */
  readonly neighbors: number;
  /**
   * Added for items of the history, times `decay^j`: raise it if users repeat items. `'never'` excludes them. Default:
   * 0.
   */
  readonly repeat: Repeat;
}

/** Defaults and checks of {@link ItemKnnOptions}. */
export const itemKnnSchema: OptionsSchema<ItemKnnOptions> = {
  window: option(whole(1), 10),
  decay: option(share, 0.8),
  countPower: option(share, 0.5),
  neighbors: option(wholeOrInfinity(1), Infinity),
  repeat,
};

/**
 * Item-based nearest neighbors (Sarwar et al., WWW 2001; with top K neighbors Deshpande and Karypis, TOIS 2004): ranks items
 * that users of the history's items also chose. With c_xy the number of train users who chose both, and c_x of those who
 * chose x,
 *
 *     similarity[x, y] = c_xy / (c_x c_y)^countPower, 0 for x = y
 *     score = sum_j decay^j (similarity[i_j] + repeat * [item = i_j])
 *
 * over the items i_0 (last), i_1, ... of the history. Popularity breaks ties and ranks empty histories.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function itemKnn(train: Transitions, options?: Given<ItemKnnOptions>): Scorer {
  checkTransitions('itemKnn', { train });
  const o = parseOptions('itemKnn', itemKnnSchema, options);
  const prior = tieBreak(train);
  const similarity = similarities(userItems(train), o.countPower, o.neighbors);
  return priorScorer({ name: 'itemKnn', prior, window: o.window }, (recent, scores, start) => {
    for (const [j, item] of recent.entries()) addRow(similarity, item, o.decay ** j, scores, start);
    for (const [j, item] of recent.entries()) addRepeat(scores, start + item, o.repeat, o.decay ** j);
  });
}

/** Computes rows one at a time, twice, so that memory is needed only for the kept neighbors, not for all pairs. */
function similarities(log: UserItems, alpha: number, neighbors: number): SparseRows {
  const { items, byItem } = log;
  const scale = Float64Array.from({ length: items }, (_, x) => (byItem[x + 1]! - byItem[x]!) ** -alpha);
  const counts = new Float64Array(items);
  return sparseRows(items, (visit) => {
    for (let x = 0; x < items; x++) {
      const near = neighborsOf(x, log, counts);
      const value = (y: number): number => counts[y]! * scale[x]! * scale[y]!;
      const kept =
        near.length > neighbors ? near.sort((y, z) => value(z) - value(y) || y - z).slice(0, neighbors) : near;
      for (const y of kept) visit(x, y, value(y));
      for (const y of near) counts[y] = 0;
    }
  });
}

/** The other items that users of x chose. The number of common users of each is left in `counts`. */
function neighborsOf(x: number, { byItem, user, byUser, item }: UserItems, counts: Float64Array): number[] {
  const near: number[] = [];
  for (const u of user.subarray(byItem[x]!, byItem[x + 1]!)) {
    for (const y of item.subarray(byUser[u]!, byUser[u + 1]!)) {
      if (y === x) continue;
      if (counts[y] === 0) near.push(y);
      counts[y]! += 1;
    }
  }
  return near;
}
