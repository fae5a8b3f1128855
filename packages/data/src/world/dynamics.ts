import { finite, type OptionsSchema, option, share } from '@lea/core';
import { type ChoiceModel, fits } from './choice.ts';
import { contextOf, fading, goesWith, reach, repeatWeight } from './context.ts';
import { type Items, stride } from './items.ts';
import type { Taste } from './tastes.ts';
import { departments } from './vocabulary.ts';

/** Options of a world in which a shop offers items one at a time, and in which offers have consequences. */
export interface DynamicsOptions {
  /** Log odds that an offered item of average liking is accepted by a fresh user. Higher: more offers are accepted. Default: 0. */
  interest: number;
  /** Loss of log odds of acceptance per unit of satiation. Higher: items of the last departments lose more appeal. Default: 0.3. */
  satiation: number;
  /**
   * Rate at which satiation makes users leave after an accepted item. Higher: more of the same ends the visit sooner, so that the
   * best next item and the best visit differ more. Default: 0.15.
   */
  boredom: number;
  /** Probability that a user leaves after an offer that was not accepted, from 0.001. Higher: shorter visits. Default: 0.05. */
  impatience: number;
  /**
   * Share of the purchase probability without related items in the history. 1: purchases do not depend on the history.
   * Default: 0.1.
   */
  cold: number;
  /** Share of the missing purchase probability that each related item of the history adds. Higher: fewer clicks are needed. Default: 0.5. */
  lead: number;
}

/** Defaults and checks of {@link DynamicsOptions}. */
export const dynamicsSchema: OptionsSchema<DynamicsOptions> = {
  interest: option(finite(-100, 100), 0),
  satiation: option(finite(0, 100), 0.3),
  boredom: option(finite(0, 100), 0.15),
  impatience: option(finite(0.001, 1), 0.05),
  cold: option(share, 0.1),
  lead: option(share, 0.5),
};

/** Number of last items of a history that prepare purchases. */
export const leadReach = 10;

/** What offers lead to, for a taste after a history. All arrays are [items]. */
export interface Prospects {
  /** Probability that the item is accepted when offered. */
  readonly accept: Float64Array;
  /** Probability that an accepted item is purchased. */
  readonly purchase: Float64Array;
  /** Probability that the user leaves after having accepted the item. */
  readonly leave: Float64Array;
}

/** How users react to offers. */
export interface Dynamics extends DynamicsOptions {
  readonly model: ChoiceModel;
  /** [tastes][items] odds that a fresh user accepts the item: exp(interest + z) */
  readonly odds: readonly Float64Array[];
}

export function dynamicsOf(model: ChoiceModel, tastes: readonly Taste[], options: DynamicsOptions): Dynamics {
  const odds = tastes.map((taste) => fits(taste, model.items).map((z) => Math.exp(options.interest + z)));
  return { ...options, model, odds };
}

/**
 * What follows an offer of each item i, for a user of taste k after history h (oldest first):
 *   satiation S(i, h) = sum over the last 3 items j steps back of 0.5^(j - 1) [same department as i],
 *   accept = odds / (1 + odds), odds = exp(interest + z_k(i) - satiation S(i, h)), times 0.03 if i is in h,
 *   purchase = purchase_k(i) (1 - (1 - cold) (1 - lead)^m), m = number of the last 10 items that i goes with,
 *   leave = 1 - exp(-boredom S(i, h)),
 * where z_k(i) is the liking, standardized as in `ChoiceModel.purchase`.
 */
export function prospects(dynamics: Dynamics, taste: number, history: ArrayLike<number>): Prospects {
  const { model, satiation, boredom, cold, lead } = dynamics;
  const { department, category } = model.items;
  const sated = satiationOf(model.items, history);
  const appeal = sated.map((s) => Math.exp(-satiation * s));
  const bored = sated.map((s) => 1 - Math.exp(-boredom * s));
  const ready = Float64Array.from(leadsOf(model.items, history), (m) => 1 - (1 - cold) * (1 - lead) ** m);
  const odds = dynamics.odds[taste]!.map((fresh, i) => fresh * appeal[department[i]!]!);
  for (const item of new Set(Array.from(history))) odds[item]! *= repeatWeight;
  return {
    accept: odds.map((o) => o / (1 + o)),
    purchase: model.purchase[taste]!.map((p, i) => p * ready[category[i]!]!),
    leave: odds.map((_, i) => bored[department[i]!]!),
  };
}

/** [items] the weights by which a user of the log looks at items, as in a world without dynamics: weight_k(i) context_h(i). */
export function browsing({ model }: Dynamics, taste: number, history: ArrayLike<number>): Float64Array {
  const weights = contextOf(history, history.length, model.items, new Float64Array(model.items.count));
  return weights.map((weight, i) => weight * model.weights[taste]![i]!);
}

/** [departments] */
function satiationOf({ department }: Items, history: ArrayLike<number>): Float64Array {
  const sated = new Float64Array(departments.length);
  for (let j = 1; j <= Math.min(reach, history.length); j++) {
    sated[department[history[history.length - j]!]!]! += fading ** (j - 1);
  }
  return sated;
}

/** [categories] number of the last items of the history that go with each category, by codes */
function leadsOf({ category }: Items, history: ArrayLike<number>): Float64Array {
  const leads = new Float64Array(departments.length * stride);
  for (let t = Math.max(0, history.length - leadReach); t < history.length; t++) {
    for (const follower of goesWith[category[history[t]!]!]!) leads[follower]!++;
  }
  return leads;
}
