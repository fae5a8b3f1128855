import {
  custom,
  defaultsOf,
  finite,
  fold,
  type Given,
  isObject,
  type Key,
  key,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  seed,
  share,
  whole,
} from '@lea/core';
import type { Interactions } from '../interactions.ts';
import { interactionsOf } from '../interactions-of.ts';
import type { ItemTexts } from '../item-texts.ts';
import { isItemList } from '../windows.ts';
import { type ChoiceModel, choiceModel, type Outlook, outlookOf } from './choice.ts';
import { contextOf } from './context.ts';
import { browsing, type Dynamics, type DynamicsOptions, dynamicsOf, dynamicsSchema } from './dynamics.ts';
import { describe, drawItems, numbered } from './items.ts';
import { offeredOutlook } from './offered-outlook.ts';
import { randomStream, type Stream } from './stream.ts';
import { drawTastes, type Taste } from './tastes.ts';
import { beginVisit, offer, type WorldUsers, worldUsers } from './visits.ts';

/** Options of `createWorld`. */
export interface WorldOptions {
  /** Seed of all random draws. Default: 0. */
  seed: number;
  /** Number of users. Default: 2000. */
  users: number;
  /** Number of items. More items mean fewer events per item. Default: 800. */
  items: number;
  /** Mean number of events per user. Every user has 3 to 60. Default: 11. */
  meanLength: number;
  /**
   * Number of customer groups. With more of them each has fewer events, so ids alone are harder to learn from. Default:
   * 120.
   */
  tastes: number;
  /** Probability per event that a user switches to another taste. Default: 0.02. */
  drift: number;
  /** Standard deviation of log popularity. Larger: a longer tail, and popularity predicts more. Default: 0.9. */
  popularitySpread: number;
  /** Reward of each kind of event. Default: click 0.2, purchase 1. */
  rewards: { click: number; purchase: number };
  /**
   * With these options, `{}` for their defaults, users accept an item or not, and what they accept satiates, prepares purchases
   * and may end the visit, so that the best next item need not be the best for the visit. Users leave when they are bored, so they
   * have 0 to 60 events. Default: users choose among all items and are never bored.
   */
  dynamics: Given<DynamicsOptions> | undefined;
}

/** A synthetic shop whose customers' preferences are known. */
export interface World {
  /** The options, with defaults filled in, those of the dynamics too. */
  options: WorldOptions;
  /** Item texts and attributes. */
  itemTexts: ItemTexts;
  /** The simulated events. `itemIds` lists all items of the catalog, including those without events. */
  interactions: Interactions;
  /** The customer groups. */
  tastes: Taste[];
  /** [events] index of the taste behind each event */
  tasteOf: Int32Array;
  /** The true probabilities after a complete history of item indices, oldest first. */
  outlook(history: ArrayLike<number>): Outlook;
  /**
   * [items] the true expected reward of every item after a history, that is the expected reward of the next event restricted
   * to that item:
   *   sum over tastes k of
   *     P(k | history) P(item | history, k) (click (1 - P(purchase | item, k)) + purchase P(purchase | item, k)).
   */
  reward(history: ArrayLike<number>): Float64Array;
  /** Users who can be visited, other than those of the log but of the same kind, if the world has `dynamics`. */
  users: WorldUsers | undefined;
}

const reward = finite(-Number.MAX_VALUE);
const rewardSchema: OptionsSchema<WorldOptions['rewards']> = {
  click: option(reward, 0.2),
  purchase: option(reward, 1),
};

/** Defaults and checks of {@link WorldOptions}. */
export const worldSchema: OptionsSchema<WorldOptions> = {
  seed: option(seed, 0),
  users: option(whole(1), 2000),
  items: option(whole(1), 800),
  meanLength: option(finite(3, 60), 11),
  tastes: option(whole(1), 120),
  drift: option(share, 0.02),
  popularitySpread: option(finite(0, 100), 0.9),
  rewards: option(custom<WorldOptions['rewards']>(isObject, 'must be an object.'), defaultsOf(rewardSchema)),
  dynamics: option(custom<Given<DynamicsOptions>>(isObject, 'must be an object.'), undefined),
};

/**
 * Creates a synthetic shop, the same for the same options on every machine: items whose texts express their attributes, and
 * customers who click and purchase by their taste for attributes, by popularity, and by what complements their last items.
 * For the formulas see `choice.ts`, `context.ts` and `tastes.ts`. In short, a customer of taste k picks item i after history h
 * with probability
 *   p_k(i | h) ∝ popularity(i) exp(liking_k(i)) context_h(i)
 * and is more likely to purchase it the better it fits the taste. With `dynamics` the customer looks at this item and
 * accepts it or not, see `dynamics.ts`.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_WORLD_SIZE` (too large for memory)
 */
export function createWorld(
  options: Given<WorldOptions> & { dynamics: Given<DynamicsOptions> },
): World & { users: WorldUsers };
export function createWorld(options?: Given<WorldOptions>): World;
export function createWorld(options?: Given<WorldOptions>): World {
  const chosen = checkedOptions(options);
  const root = fold(key(chosen.seed), 'world');
  const items = drawItems(root, chosen.items, chosen.popularitySpread);
  const tastes = drawTastes(root, chosen.tastes);
  const model = choiceModel(items, tastes, chosen.drift);
  const itemTexts = describe(root, items);
  const dynamics = chosen.dynamics && dynamicsOf(model, tastes, chosen.dynamics as DynamicsOptions);
  const { interactions, tasteOf } = simulate(root, model, itemTexts.itemIds, chosen, dynamics);
  const outlook = (history: ArrayLike<number>) => {
    const complete = checked(history, chosen.items);
    return dynamics ? offeredOutlook(dynamics, complete) : outlookOf(model, complete);
  };
  const { click, purchase } = chosen.rewards;
  return {
    options: chosen,
    itemTexts,
    interactions,
    tastes,
    tasteOf,
    outlook,
    reward(history) {
      const { choice, bought } = outlook(history);
      return choice.map((p, i) => click * (p - bought[i]!) + purchase * bought[i]!);
    },
    users: dynamics && worldUsers(root, dynamics, itemTexts.itemIds, chosen.rewards),
  };
}

const firstDay = 1_704_067_200; // 2024-01-01, in seconds
const day = 86_400;

function simulate(root: Key, model: ChoiceModel, itemIds: string[], options: WorldOptions, dynamics?: Dynamics) {
  const log = { user: [] as string[], item: [] as string[], time: [] as number[], kind: [] as string[] };
  const tasteOf: number[] = [];
  numbered('user', options.users).forEach((user, u) => {
    const own = fold(fold(root, 'user'), u);
    const draw = randomStream(own);
    const length = Math.min(60, 3 + Math.floor(draw.exponential() * (options.meanLength - 2.5)));
    const first = draw.below(options.tastes);
    let time = firstDay + Math.floor(draw.next() * 200 * day);
    const events = dynamics ? offered(dynamics, own, draw) : chosen(model, first, draw);
    for (let n = 0; n < length; n++) {
      const { value: event } = events.next();
      if (!event) break;
      log.user.push(user);
      log.item.push(itemIds[event.item]!);
      log.time.push(time);
      log.kind.push(event.purchased ? 'purchase' : 'click');
      tasteOf.push(event.taste);
      time += 60 + Math.floor(draw.exponential() * 2 * day);
    }
  });
  // Users are in the order of their ids and times increase, so `tasteOf` stays aligned with the sorted events.
  return { interactions: interactionsOf(log, { ids: itemIds }), tasteOf: Int32Array.from(tasteOf) };
}

interface Event {
  item: number;
  purchased: boolean;
  taste: number;
}

/** The events of a user who chooses among all items. */
function* chosen(model: ChoiceModel, first: number, draw: Stream): Generator<Event, undefined> {
  const weights = new Float64Array(model.items.count);
  const history: number[] = [];
  for (let taste = first; ; ) {
    contextOf(history, history.length, model.items, weights);
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i]! *= model.weights[taste]![i]!;
    const item = draw.weighted(weights, total);
    yield { item, purchased: draw.next() < model.purchase[taste]![item]!, taste };
    history.push(item);
    if (draw.next() < model.drift) taste = draw.below(model.weights.length);
  }
}

/** The events of a user who looks at the same items and accepts some of them, until the user leaves. */
function* offered(dynamics: Dynamics, user: Key, draw: Stream): Generator<Event, undefined> {
  const visit = beginVisit(dynamics, user);
  for (let left = false; !left; ) {
    const weights = browsing(dynamics, visit.taste, visit.history);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const item = draw.weighted(weights, total);
    const { accepted, purchased, taste, ...rest } = offer(dynamics, visit, item);
    if (accepted) yield { item, purchased, taste };
    left = rest.left;
  }
}

/** Maximum number of events, and of entries of a table [tastes, items]: about 1 GB each. */
const MOST_EVENTS = 2 ** 24;
const MOST_NUMBERS = 2 ** 25;

function checkedOptions(given: Given<WorldOptions> | undefined): WorldOptions {
  const options = parseOptions('createWorld', worldSchema, given);
  const rewards = parseOptions('createWorld.rewards', rewardSchema, options.rewards);
  const { users, items, tastes, meanLength } = options;
  if (users * meanLength > MOST_EVENTS) {
    throw new LeaError('E_WORLD_SIZE', `Expected at most ${MOST_EVENTS} events (users times meanLength).`, {
      value: { users, meanLength },
      hint: `Use at most ${Math.floor(MOST_EVENTS / meanLength)} users.`,
    });
  }
  if (tastes * items > MOST_NUMBERS) {
    throw new LeaError('E_WORLD_SIZE', `Expected at most ${MOST_NUMBERS} for tastes times items.`, {
      value: { tastes, items },
      hint: `Use at most ${Math.floor(MOST_NUMBERS / tastes)} items, or fewer tastes.`,
    });
  }
  const dynamics = options.dynamics && parseOptions('createWorld.dynamics', dynamicsSchema, options.dynamics);
  return { ...options, rewards, dynamics };
}

function checked(history: ArrayLike<number>, items: number): ArrayLike<number> {
  if (!isItemList(history))
    throw new LeaError('E_HISTORY', 'The history must be an array of items.', { value: history });
  for (let t = 0; t < history.length; t++) {
    if (Number.isInteger(history[t]) && history[t]! >= 0 && history[t]! < items) continue;
    throw new LeaError('E_ITEM_RANGE', `Items of a history must be in 0..${items - 1}.`, { value: history[t] });
  }
  return history;
}
