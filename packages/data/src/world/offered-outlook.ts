import type { Outlook } from './choice.ts';
import { browsing, type Dynamics, prospects } from './dynamics.ts';

/**
 * The exact outlook in a world with dynamics, for histories of its log. Items that are not accepted leave no trace, and the user
 * stays after them with probability 1 - impatience. So with q_k(i | h) the items that users look at and
 * A_k(h) = sum_i q_k(i | h) accept_k(i, h),
 *   P(next event is on i | h, k) = q_k(i | h) accept_k(i, h) / (1 - (1 - A_k(h)) (1 - impatience)),
 * which sums to less than 1 over the items, because the user may leave. As in `outlookOf` the taste is filtered forward over the
 * events with these probabilities. `choice` and `bought` are given that there is a next event. O(tastes * items * events).
 */
export function offeredOutlook(dynamics: Dynamics, history: ArrayLike<number>): Outlook {
  const { drift, weights, items } = dynamics.model;
  const past = Array.from(history);
  const tastes = weights.length;
  let belief = new Float64Array(tastes).fill(1 / tastes);
  past.forEach((item, t) => {
    const likely = belief.map((b, k) => b * nextOf(dynamics, k, past.slice(0, t)).next[item]!);
    const total = likely.reduce((sum, x) => sum + x, 0);
    belief = likely.map((x) => ((1 - drift) * x) / total + drift / tastes);
  });
  const choice = new Float64Array(items.count);
  const bought = new Float64Array(items.count);
  for (let k = 0; k < tastes; k++) {
    const { next, purchase } = nextOf(dynamics, k, past);
    for (let i = 0; i < items.count; i++) {
      const chosen = belief[k]! * next[i]!;
      choice[i]! += chosen;
      bought[i]! += chosen * purchase[i]!;
    }
  }
  const goesOn = choice.reduce((sum, x) => sum + x, 0);
  return { belief, choice: choice.map((x) => x / goesOn), bought: bought.map((x) => x / goesOn) };
}

function nextOf(dynamics: Dynamics, taste: number, history: readonly number[]) {
  const { accept, purchase } = prospects(dynamics, taste, history);
  const looks = browsing(dynamics, taste, history);
  const total = looks.reduce((sum, x) => sum + x, 0);
  const next = accept.map((a, i) => (looks[i]! / total) * a);
  const accepted = next.reduce((sum, x) => sum + x, 0);
  const ends = 1 - (1 - accepted) * (1 - dynamics.impatience);
  return { next: next.map((x) => x / ends), purchase };
}
