import { type OptionsSchema, option, whole, wholeOrInfinity } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { tieBreak } from './popularity.ts';
import { priorScorer } from './prior-scorer.ts';
import { addRepeat, type Repeat, repeat } from './repeat.ts';
import { type UserItems, userItems } from './user-items.ts';

/** Options of {@link sknn}, and of {@link vsknn} and {@link stan}, which have more. */
export interface SessionKnnOptions {
  /** Number of last items of the history that are used. Default: 10. */
  readonly window: number;
  /** Number of neighbors, the most similar train sequences. Fewer are nearer; more cover more items. Default: 500. */
  readonly neighbors: number;
  /** Number of sequences to compare, the latest that share an item. Fewer are faster. Default: Infinity (all). */
  readonly sample: number;
  /**
   * Added for items of the history, times their weight: raise it if users repeat items. `'never'` excludes them.
   * Default: 0.
   */
  readonly repeat: Repeat;
}

/** Defaults and checks of {@link SessionKnnOptions}. */
export const sessionKnnSchema: OptionsSchema<SessionKnnOptions> = {
  window: option(whole(1), 10),
  neighbors: option(wholeOrInfinity(1), 500),
  sample: option(wholeOrInfinity(1), Infinity),
  repeat,
};

/** The parts in which the methods of session neighbors differ. */
export interface SessionKnnMethod {
  /** Name of the scorer. */
  readonly name: string;
  /**
   * Weight in the similarity of an item that was chosen `back` events before the last one of a history of `length`
   * items.
   */
  weight(back: number, length: number): number;
  /** [users] factor of the similarity with each train sequence */
  factors(log: UserItems): Float64Array;
  /** Weight in the score of a neighbor whose most recent common item was chosen `back` events before the last one. */
  match(back: number): number;
  /** Weight in the score of a neighbor's item that is `ahead` positions after that common item (negative: before it). */
  near(ahead: number): number;
  /** [items] factor of an item's score; 1 by default */
  factorsOfItems?(log: UserItems): Float64Array;
}

/**
 * Scores items by the train sequences that are similar to the history. With w_j the weights of its distinct items,
 *
 *     similarity(n) = factor(n) * sum of w_j over the items in n
 *     score = factor(item) * sum_n similarity(n) * match(n) * near(item, n) * [item in n] / sum_n similarity(n)
 *
 * over the most similar sequences n. The denominator does not change the order but gives `repeat` a scale: a score of 1 is an
 * item of all neighbors. The cost per history is linear in its candidates and in the items of its neighbors.
 */
export function sessionKnn(train: Transitions, o: SessionKnnOptions, method: SessionKnnMethod): Scorer {
  const prior = tieBreak(train);
  const log = userItems(train);
  const longest = log.place.reduce((most, place) => Math.max(most, place), 0);
  const near = Float64Array.from({ length: 2 * longest + 1 }, (_, i) => method.near(i - longest));
  const candidates = candidateSearch(log, method.factors(log));
  const factors = method.factorsOfItems?.(log) ?? new Float64Array(log.items).fill(1);
  return priorScorer({ name: method.name, prior, window: o.window }, (recent, scores, start) => {
    const weights = new Map<number, number>();
    for (const [back, item] of recent.entries()) {
      if (!weights.has(item)) weights.set(item, method.weight(back, recent.length));
    }
    const found = candidates(recent, weights);
    const neighbors = nearest(latest(found.users, o.sample), found.similarity, o.neighbors);
    let total = 0;
    for (const user of neighbors) total += found.similarity[user]!;
    // Similarities of very old sequences are zero in double precision.
    for (const user of total > 0 ? neighbors : []) {
      const scale = (found.similarity[user]! * method.match(found.back[user]!)) / total;
      const origin = longest - found.place[user]!;
      for (let entry = log.byUser[user]!; entry < log.byUser[user + 1]!; entry++) {
        const item = log.item[entry]!;
        scores[start + item]! += factors[item]! * scale * near[origin + log.place[entry]!]!;
      }
    }
    for (const [item, weight] of weights) addRepeat(scores, start + item, o.repeat, weight);
  });
}

/**
 * The sequences that share items with a history. The arrays are indexed by user and valid for `users` until the next
 * search.
 */
interface Candidates {
  readonly users: Int32Array;
  readonly similarity: Float64Array;
  /** Number of events from the most recent common item to the last event of the history. */
  readonly back: Int32Array;
  /** The position of that item in the user's sequence. */
  readonly place: Int32Array;
}

function candidateSearch(
  log: UserItems,
  factors: Float64Array,
): (recent: Int32Array, weights: ReadonlyMap<number, number>) => Candidates {
  const similarity = new Float64Array(log.users);
  const back = new Int32Array(log.users);
  const place = new Int32Array(log.users);
  const users = new Int32Array(log.users);
  let count = 0;
  return (recent, weights) => {
    for (let i = 0; i < count; i++) similarity[users[i]!] = 0;
    count = 0;
    for (const [item, weight] of weights) {
      const distance = recent.indexOf(item);
      for (let i = log.byItem[item]!; i < log.byItem[item + 1]!; i++) {
        const user = log.user[i]!;
        if (similarity[user] === 0) {
          users[count++] = user;
          back[user] = distance;
          place[user] = log.placeOf[i]!;
        }
        similarity[user]! += weight * factors[user]!;
      }
    }
    return { users: users.subarray(0, count), similarity, back, place };
  };
}

/** The `count` latest users. */
function latest(users: Int32Array, count: number): Int32Array {
  if (users.length <= count) return users;
  return users.toSorted().subarray(users.length - count);
}

/** The `count` most similar users; ties go to the latest. */
function nearest(users: Int32Array, similarity: Float64Array, count: number): Int32Array {
  if (users.length <= count) return users;
  const sorted = new Float64Array(users.length);
  for (let i = 0; i < users.length; i++) sorted[i] = similarity[users[i]!]!;
  const bound = sorted.sort()[users.length - count]!;
  const chosen = new Int32Array(count);
  const equal: number[] = [];
  let above = 0;
  for (const user of users) {
    if (similarity[user]! > bound) chosen[above++] = user;
    else if (similarity[user] === bound) equal.push(user);
  }
  chosen.set(equal.sort((a, b) => b - a).slice(0, count - above), above);
  return chosen;
}
