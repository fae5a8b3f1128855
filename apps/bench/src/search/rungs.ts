import type { Agent } from '@lea/agents';
import { ETA } from '../config/search.ts';
import type { SearchConfig } from '../config/search-schema.ts';

/** One round of a search: so many trials are trained up to this share of the budget of a trial. */
export interface Rung {
  readonly trials: number;
  readonly share: number;
}

/**
 * The rungs of a search. Random search has one. Successive halving begins with all trials on a small share of the budget;
 * rung after rung one of `eta` goes on, to `eta` times the share, until fewer than `eta` are left, which get all of it
 * (Jamieson and Talwalkar 2016; the outermost bracket of Hyperband, Li et al. 2018).
 */
export function rungsOf({ method, trials, eta = ETA }: Pick<SearchConfig, 'method' | 'trials' | 'eta'>): Rung[] {
  const rungs: number[] = [trials];
  while (method === 'successive-halving' && rungs.at(-1)! >= eta) rungs.push(Math.floor(rungs.at(-1)! / eta));
  return rungs.map((count, i) => ({ trials: count, share: eta ** (i + 1 - rungs.length) }));
}

/** Training of all trials together, in budgets of one trial: a trial that goes on is not trained anew. */
export function totalShare(rungs: readonly Rung[]): number {
  return rungs.reduce((sum, { trials, share }, i) => sum + trials * (share - (rungs[i - 1]?.share ?? 0)), 0);
}

/** The indices of the best values, best first; among equals the earlier one. A trial without a value comes last. */
export function bestFirst(values: readonly (number | null)[]): number[] {
  const rank = (i: number): number => values[i] ?? Number.NEGATIVE_INFINITY;
  return values.map((_, i) => i).sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a)));
}

/**
 * The steps of a share of the budget. Two networks that take turns share the steps, so an epoch takes twice as many.
 *
 * @param rows number of train rows @param batch rows per step
 */
export function stepsOf(
  budget: SearchConfig['budget'],
  share: number,
  { rows, batch, networks }: { rows: number; batch: number; networks: number },
): number {
  const steps = 'steps' in budget ? budget.steps : (budget.epochs * rows * networks) / Math.min(batch, rows);
  // The shares of a third are not exact in binary.
  return Math.max(1, Math.floor(steps * share + 1e-9));
}

/** `maxSteps` of `fit`, which counts per phase: the largest with which all phases together have at most so many steps. */
export function maxStepsOf(phases: Agent['phases'], steps: number): number {
  const own = phases.flatMap(({ steps: fixed }) => (fixed === 'early-stopping' ? [] : [fixed])).sort((a, b) => a - b);
  let [left, open] = [steps, phases.length];
  for (const fixed of own) {
    if (fixed * open > left) break;
    left -= fixed;
    open -= 1;
  }
  return open === 0 ? steps : Math.max(1, Math.floor(left / open));
}
