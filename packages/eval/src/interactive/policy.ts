import { isObject, LeaError } from '@lea/core';
import {
  checkScorers,
  type InteractivePolicy,
  type InteractiveUsers,
  type Scorer,
  scoresOf,
  type Visits,
  windowsOf,
} from '@lea/data';
import { checkItems } from '../check-scorer.ts';

/** A policy for these users: a scorer becomes one that reads their histories. */
export function policyFor<V extends Visits>(
  given: Scorer | InteractivePolicy<V>,
  users: InteractiveUsers<V>,
): InteractivePolicy<V> {
  if (isObject(given) && typeof (given as { plan?: unknown }).plan === 'function') return given as InteractivePolicy<V>;
  const scorer = given as Scorer;
  checkScorers('evaluateInteractive', { policy: scorer });
  if (users.itemIds) checkItems(scorer, users.itemIds);
  else if (scorer.items !== users.items) {
    throw new LeaError('E_CATALOG_SIZE', `Expected ${scorer.name} to score the ${users.items} items of the users.`, {
      value: scorer.items,
      hint: 'Evaluate with users of the catalog that the scorer was fitted to.',
    });
  }
  return {
    name: scorer.name,
    async plan({ histories }, rows) {
      const past = rows.map((row) => histories[row]!);
      return await scoresOf(scorer, windowsOf(past, scorer.window, scorer.items));
    },
  };
}

/**
 * The item with the highest value in a row of values, the smaller index among equals; -1 if no item is allowed.
 *
 * @throws LeaError `E_SCORE_NAN`
 */
export function bestAllowed(name: string, values: ArrayLike<number>, refused: ReadonlySet<number>): number {
  let best = -1;
  for (let item = 0; item < values.length; item++) {
    if (Number.isNaN(values[item])) {
      throw new LeaError('E_SCORE_NAN', `${name} returned NaN for item ${item}.`, {
        value: values[item],
        hint: 'The training of the model may have diverged: lower its learning rate.',
      });
    }
    if (refused.has(item)) continue;
    if (best < 0 || values[item]! > values[best]!) best = item;
  }
  return best;
}
