import {
  custom,
  defaultsOf,
  finite,
  fold,
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
import { describe, drawItems, numbered } from './items.ts';
import { randomStream } from './stream.ts';
import { drawTastes, type Taste } from './tastes.ts';

/** Options of `createWorld`. */
export interface WorldOptions {
  /** Seed of all random draws. Default: 0. */
  seed: number;
  /** Number of users. Default: 2000. */
  users: number;
  /** Number of items. More items mean fewer events per item. Default: 800. */
  items: number;
  /** Mean number of events per user, from 3 to 60; every user has 3 to 60 events. Default: 11. */
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
}

/** A synthetic shop whose customers' preferences are known. */
export interface World {
  /** The options, with defaults filled in. */
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
};

/**
 * Creates a synthetic shop, the same for the same options on every machine: items whose texts express their attributes, and
 * customers who click and purchase by their taste for attributes, by popularity, and by what complements their last items.
 * For the formulas see `choice.ts`, `context.ts` and `tastes.ts`. In short, a customer of taste k picks item i after history h
 * with probability
 *   p_k(i | h) ∝ popularity(i) exp(liking_k(i)) context_h(i)
 * and is more likely to purchase it the better it fits the taste.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_WORLD_SIZE` (too large for memory)
 */
export function createWorld(options?: Partial<WorldOptions>): World {
  const chosen = checkedOptions(options);
  const root = fold(key(chosen.seed), 'world');
  const items = drawItems(root, chosen.items, chosen.popularitySpread);
  const tastes = drawTastes(root, chosen.tastes);
  const model = choiceModel(items, tastes, chosen.drift);
  const itemTexts = describe(root, items);
  const { interactions, tasteOf } = simulate(root, model, itemTexts.itemIds, chosen);
  const { click, purchase } = chosen.rewards;
  return {
    options: chosen,
    itemTexts,
    interactions,
    tastes,
    tasteOf,
    outlook: (history) => outlookOf(model, checked(history, chosen.items)),
    reward(history) {
      const { choice, bought } = outlookOf(model, checked(history, chosen.items));
      return choice.map((p, i) => click * (p - bought[i]!) + purchase * bought[i]!);
    },
  };
}

const firstDay = 1_704_067_200; // 2024-01-01, in seconds
const day = 86_400;

function simulate(root: Key, model: ChoiceModel, itemIds: string[], options: WorldOptions) {
  const log = { user: [] as string[], item: [] as string[], time: [] as number[], kind: [] as string[] };
  const tasteOf: number[] = [];
  const weights = new Float64Array(itemIds.length);
  numbered('user', options.users).forEach((user, u) => {
    const draw = randomStream(fold(fold(root, 'user'), u));
    const length = Math.min(60, 3 + Math.floor(draw.exponential() * (options.meanLength - 2.5)));
    const history: number[] = [];
    let taste = draw.below(options.tastes);
    let time = firstDay + Math.floor(draw.next() * 200 * day);
    while (history.length < length) {
      contextOf(history, history.length, model.items, weights);
      let total = 0;
      for (let i = 0; i < weights.length; i++) total += weights[i]! *= model.weights[taste]![i]!;
      const item = draw.weighted(weights, total);
      log.user.push(user);
      log.item.push(itemIds[item]!);
      log.time.push(time);
      log.kind.push(draw.next() < model.purchase[taste]![item]! ? 'purchase' : 'click');
      tasteOf.push(taste);
      history.push(item);
      time += 60 + Math.floor(draw.exponential() * 2 * day);
      if (draw.next() < options.drift) taste = draw.below(options.tastes);
    }
  });
  // Users are in the order of their ids and times increase, so `tasteOf` stays aligned with the sorted events.
  return { interactions: interactionsOf(log, { ids: itemIds }), tasteOf: Int32Array.from(tasteOf) };
}

/** Maximum number of events, and of entries of a table [tastes, items]: about 1 GB each. */
const MOST_EVENTS = 2 ** 24;
const MOST_NUMBERS = 2 ** 25;

function checkedOptions(given: Partial<WorldOptions> | undefined): WorldOptions {
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
  return { ...options, rewards };
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
