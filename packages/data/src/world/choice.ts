import { contextOf } from './context.ts';
import type { Items } from './items.ts';
import { liking, type Taste } from './tastes.ts';

/** How simulated customers choose. All tables are [tastes][items]. */
export interface ChoiceModel {
  items: Items;
  /** popularity * exp(liking) */
  weights: Float64Array[];
  /**
   * Probability that a chosen item is purchased: sigmoid(2 (z - 1)), z = liking standardized over the taste's first
   * choices.
   */
  purchase: Float64Array[];
  /** Probability per event that a customer switches to another taste. */
  drift: number;
}

/** The true distribution of what follows a history, given only the history. */
export interface Outlook {
  /** [tastes] probability of each taste */
  belief: Float64Array;
  /** [items] probability that the next event is on the item */
  choice: Float64Array;
  /** [items] probability that the next event is a purchase of the item */
  bought: Float64Array;
}

export function choiceModel(items: Items, tastes: readonly Taste[], drift: number): ChoiceModel {
  const weights = tastes.map((taste) => weightsOf(liking(taste, items), items));
  const purchase = tastes.map((taste) => fits(taste, items).map((z) => 1 / (1 + Math.exp(-2 * (z - 1)))));
  return { items, weights, purchase, drift };
}

/** [items] the liking of a taste, standardized over its first choices. */
export function fits(taste: Taste, items: Items): Float64Array {
  const points = liking(taste, items);
  const { mean, deviation } = moments(points, weightsOf(points, items));
  return points.map((point) => (point - mean) / deviation);
}

function weightsOf(points: Float64Array, items: Items): Float64Array {
  return points.map((point, i) => items.popularity[i]! * Math.exp(point));
}

/**
 * The exact outlook after a history (oldest first, complete): the taste is filtered forward over the events,
 *   p_k(i | h) = weight_k(i) context_h(i) / (the same, summed over all items),
 *   belief'_k ∝ belief_k p_k(i_t | h), then (1 - drift) belief' + drift / tastes,
 * and choice(i) = sum_k belief_k p_k(i | h). O(tastes * items * events).
 */
export function outlookOf(model: ChoiceModel, history: ArrayLike<number>): Outlook {
  const { items, weights, purchase, drift } = model;
  const tastes = weights.length;
  let belief = new Float64Array(tastes).fill(1 / tastes);
  const context = new Float64Array(items.count);
  for (let t = 0; t < history.length; t++) {
    contextOf(history, t, items, context);
    const item = history[t]!;
    const likely = belief.map((b, k) => (b * weights[k]![item]! * context[item]!) / dot(weights[k]!, context));
    const total = likely.reduce((sum, x) => sum + x, 0);
    belief = likely.map((x) => ((1 - drift) * x) / total + drift / tastes);
  }
  contextOf(history, history.length, items, context);
  const choice = new Float64Array(items.count);
  const bought = new Float64Array(items.count);
  for (let k = 0; k < tastes; k++) {
    const scale = belief[k]! / dot(weights[k]!, context);
    for (let i = 0; i < items.count; i++) {
      const chosen = scale * weights[k]![i]! * context[i]!;
      choice[i]! += chosen;
      bought[i]! += chosen * purchase[k]![i]!;
    }
  }
  return { belief, choice, bought };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function moments(values: Float64Array, weights: Float64Array): { mean: number; deviation: number } {
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = dot(values, weights) / total;
  const variance = values.reduce((sum, v, i) => sum + weights[i]! * (v - mean) ** 2, 0) / total;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
