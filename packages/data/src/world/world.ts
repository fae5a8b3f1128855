import { checkRanges, checkSeed, fold, type Key, key, LeaError, withDefaults } from '@lea/core';
import type { Catalog } from '../catalog.ts';
import { type Interactions, interactionsOf } from '../interactions.ts';
import { isItemList } from '../windows.ts';
import { type ChoiceModel, choiceModel, type Outlook, outlookOf } from './choice.ts';
import { contextOf } from './context.ts';
import { describe, drawItems, numbered } from './items.ts';
import { randomStream } from './stream.ts';
import { drawTastes, type Taste } from './tastes.ts';

export interface WorldOptions {
  /** Everything follows from it. Default: 0. */
  seed: number;
  /** Default: 2000. */
  users: number;
  /** Default: 800. More items, fewer events for each. */
  items: number;
  /** Mean events per user, at least 3 each, at most 60. Default: 11. */
  meanLength: number;
  /** Kinds of customers. Default: 120. More: tastes overlap less with one another's logs, harder to learn from ids. */
  tastes: number;
  /** Chance per event that a user takes up another taste. Default: 0.02. */
  drift: number;
  /** Spread of log popularity. Default: 0.9. Larger: longer tail, popularity foresees more. */
  popularitySpread: number;
  /** What events are worth. Default: click 0.2, purchase 1. */
  rewards: { click: number; purchase: number };
}

/** A shop with known customers. */
export interface World {
  options: WorldOptions;
  catalog: Catalog;
  /** All items of the catalogue, whether they occur or not. */
  interactions: Interactions;
  /** The kinds of customers. */
  tastes: Taste[];
  /** [events] the taste behind each event. */
  tasteOf: Int32Array;
  /** Probabilities after a history of item indices (oldest first, complete). */
  outlook(history: ArrayLike<number>): Outlook;
  /**
   * [items] the true expected reward of every item after a history: what the next event is expected to bring by being an event of that item,
   *   sum over tastes k of P(k | history) P(item | history, k) (click (1 - P(purchase | item, k)) + purchase P(purchase | item, k)).
   */
  reward(history: ArrayLike<number>): Float64Array;
}

const defaults: WorldOptions = {
  seed: 0,
  users: 2000,
  items: 800,
  meanLength: 11,
  tastes: 120,
  drift: 0.02,
  popularitySpread: 0.9,
  rewards: { click: 0.2, purchase: 1 },
};

/**
 * A synthetic shop, the same for the same options on every machine: items with texts whose words carry the attributes, customers with
 * tastes for attributes who choose by taste, popularity and what goes with their last items, clicks and purchases.
 * The formulas: `choice.ts`, `context.ts`, `tastes.ts`; in short, a customer of taste k picks item i after history h with
 *   p_k(i | h) ∝ popularity(i) exp(liking_k(i)) context_h(i)
 * and purchases it the more probably the better it fits the taste.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_WORLD_SIZE` (more than memory holds)
 */
export function createWorld(options?: Partial<WorldOptions>): World {
  const chosen = checkedOptions(options);
  const root = fold(key(chosen.seed), 'world');
  const items = drawItems(root, chosen.items, chosen.popularitySpread);
  const tastes = drawTastes(root, chosen.tastes);
  const model = choiceModel(items, tastes, chosen.drift);
  const catalog = describe(root, items);
  const { interactions, tasteOf } = simulate(root, model, catalog.itemIds, chosen);
  const { click, purchase } = chosen.rewards;
  return {
    options: chosen,
    catalog,
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
  // Users come in the order of their ids and times rise, so that `tasteOf` stays aligned.
  return { interactions: interactionsOf(log, { ids: itemIds }), tasteOf: Int32Array.from(tasteOf) };
}

/** Most events, and most numbers of a table [tastes, items]: about 1 GB each. */
const MOST_EVENTS = 2 ** 24;
const MOST_NUMBERS = 2 ** 25;

function checkedOptions(given: Partial<WorldOptions> | undefined): WorldOptions {
  const options = withDefaults('createWorld', defaults, given);
  const size = [1, Number.MAX_VALUE, 'whole'] as const;
  checkSeed('createWorld', options.seed);
  checkRanges('createWorld', options, {
    users: size,
    items: size,
    tastes: size,
    meanLength: [3, 60],
    drift: [0, 1],
    popularitySpread: [0, 100],
  });
  const rewards = withDefaults('createWorld.rewards', defaults.rewards, options.rewards);
  const reward = [-Number.MAX_VALUE, Number.MAX_VALUE] as const;
  checkRanges('createWorld.rewards', rewards, { click: reward, purchase: reward });
  const { users, items, tastes, meanLength } = options;
  if (users * meanLength > MOST_EVENTS) {
    throw new LeaError('E_WORLD_SIZE', `A world has at most ${MOST_EVENTS} events, users times meanLength.`, {
      value: { users, meanLength },
      hint: `Take at most ${Math.floor(MOST_EVENTS / meanLength)} users.`,
    });
  }
  if (tastes * items > MOST_NUMBERS) {
    throw new LeaError('E_WORLD_SIZE', `A world holds at most ${MOST_NUMBERS} numbers, tastes times items.`, {
      value: { tastes, items },
      hint: `Take at most ${Math.floor(MOST_NUMBERS / tastes)} items, or fewer tastes.`,
    });
  }
  return { ...options, rewards };
}

function checked(history: ArrayLike<number>, items: number): ArrayLike<number> {
  if (!isItemList(history)) throw new LeaError('E_HISTORY', 'A history is a list of items.', { value: history });
  for (let t = 0; t < history.length; t++) {
    if (Number.isInteger(history[t]) && history[t]! >= 0 && history[t]! < items) continue;
    throw new LeaError('E_ITEM_RANGE', `A history holds item indices in 0..${items - 1}.`, { value: history[t] });
  }
  return history;
}
