import { fold, type Key, randomBits } from '@lea/core';
import type { InteractiveUsers, Reactions, Visits } from '../interactive.ts';
import { type Dynamics, type Prospects, prospects } from './dynamics.ts';

/** Visits of the users of a synthetic world. */
export interface WorldVisits extends Visits {
  /** [size] the present taste of each user, which recommenders do not see */
  readonly tastes: Int32Array;
  offer(rows: readonly number[], items: ArrayLike<number>): Reactions;
}

/** The users of a synthetic world with dynamics. */
export interface WorldUsers extends InteractiveUsers<WorldVisits> {
  /** Reward of each kind of event. */
  readonly rewards: { readonly click: number; readonly purchase: number };
  /** Probability that a user leaves after an offer that was not accepted. */
  readonly impatience: number;
  /** What offers lead to, for a user of a taste after a history. */
  prospects(taste: number, history: ArrayLike<number>): Prospects;
  visit(first: number, size: number): WorldVisits;
}

/** One visit. */
export interface Visit {
  taste: number;
  readonly history: number[];
  /** Number of offers so far. */
  offers: number;
  readonly key: Key;
}

/** What came of an offer. */
export interface Outcome {
  readonly accepted: boolean;
  readonly purchased: boolean;
  readonly left: boolean;
  /** The taste at the offer. */
  readonly taste: number;
  /** Probabilities that the item was accepted, and purchased if accepted. */
  readonly accept: number;
  readonly purchase: number;
}

/** The first moment of a visit: the key decides all that will be drawn. */
export function beginVisit({ model }: Dynamics, key: Key): Visit {
  return { taste: below(fold(key, 'taste'), 0, model.weights.length), history: [], offers: 0, key };
}

/** Offers an item. All draws are functions of the key, and of the number of offers or accepted items. */
export function offer(dynamics: Dynamics, visit: Visit, item: number): Outcome {
  const { taste, history, key } = visit;
  const { accept, purchase, leave } = prospects(dynamics, taste, history);
  const happens = (what: string, probability: number | undefined) =>
    draw(fold(key, what), visit.offers) < (probability ?? 0);
  const accepted = happens('accept', accept[item]);
  const purchased = accepted && happens('purchase', purchase[item]);
  const left = happens('leave', accepted ? leave[item] : dynamics.impatience);
  visit.offers++;
  if (accepted) {
    history.push(item);
    const drift = fold(key, 'drift');
    if (draw(drift, history.length) < dynamics.model.drift) {
      visit.taste = below(fold(drift, 'taste'), history.length, dynamics.model.weights.length);
    }
  }
  return { accepted, purchased, left, taste, accept: accept[item]!, purchase: purchase[item]! };
}

/** The users of a world. The reward of an offer is its expectation given the taste and the history. */
export function worldUsers(
  root: Key,
  dynamics: Dynamics,
  itemIds: readonly string[],
  rewards: WorldUsers['rewards'],
): WorldUsers {
  const { click, purchase: bought } = rewards;
  return {
    name: 'world',
    items: itemIds.length,
    itemIds,
    rewards,
    impatience: dynamics.impatience,
    prospects: (taste, history) => prospects(dynamics, taste, history),
    visit(first, size) {
      const visits = Array.from({ length: size }, (_, i) => beginVisit(dynamics, fold(fold(root, 'visit'), first + i)));
      const tastes = Int32Array.from(visits, ({ taste }) => taste);
      return {
        histories: visits.map(({ history }) => history),
        tastes,
        offer(rows, items) {
          const reactions = rows.map((row, i) => offer(dynamics, visits[row]!, items[i]!));
          for (const row of rows) tastes[row] = visits[row]!.taste;
          return {
            reward: Float64Array.from(
              reactions,
              ({ accept, purchase }) => accept * (click * (1 - purchase) + bought * purchase),
            ),
            accepted: reactions.map(({ accepted }) => accepted),
            left: reactions.map(({ left }) => left),
          };
        },
      };
    },
  };
}

/** Uniform in [0, 1). */
function draw({ words }: Key, counter: number): number {
  return (randomBits(words, counter) >>> 0) / 2 ** 32;
}

function below(key: Key, counter: number, high: number): number {
  return Math.floor(draw(key, counter) * high);
}
