import { finite, type Given, type OptionsSchema, option, parseOptions, whole, wholeOrInfinity } from '@lea/core';
import type { Scorer } from '@lea/data';
import { addRow, checkTransitions, type SparseRows, sparseRows, successions, type Transitions } from '@lea/data';
import { tieBreak } from './popularity.ts';
import { priorScorer } from './prior-scorer.ts';

/** Options of {@link sequentialRules}. */
export interface SequentialRulesOptions {
  /** Largest distance in events at which an item counts as following. More steps find more rules, of looser ties. Default: 10. */
  readonly steps: number;
  /**
   * Exponent of the distance in the weight of a rule: 0 weights all distances alike, 1 divides by the distance, 2 by its square.
   * Higher values emphasize direct successors. Default: 1.
   */
  readonly distancePower: number;
  /** Number of strongest rules per item. Fewer leave more of the list to popularity. Default: Infinity (all). */
  readonly neighbors: number;
}

/** Defaults and checks of {@link SequentialRulesOptions}. */
export const sequentialRulesSchema: OptionsSchema<SequentialRulesOptions> = {
  steps: option(whole(1), 10),
  distancePower: option(finite(0), 1),
  neighbors: option(wholeOrInfinity(1), Infinity),
};

/**
 * Sequential rules, SR (Kamehkhosh, Jannach, Ludewig, TempRec at RecSys 2017; Ludewig, Jannach, UMUAI 2018, section 3.1): ranks
 * items by the rules "x, then y" that start at the last item x of the history,
 *
 *     score[y] = sum of d^-distancePower over all y that were chosen d = 1..steps events after x in `train`
 *
 * Of equally strong rules of an item the one to the smaller item is kept first. Popularity breaks ties and ranks all items
 * without a rule.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function sequentialRules(train: Transitions, options?: Given<SequentialRulesOptions>): Scorer {
  checkTransitions('sequentialRules', { train });
  const o = parseOptions('sequentialRules', sequentialRulesSchema, options);
  const all = successions(train, o.steps, (distance) => distance ** -o.distancePower);
  const rules = o.neighbors === Infinity ? all : strongest(all, o.neighbors);
  const prior = tieBreak(train);
  return priorScorer({ name: 'sequentialRules', prior, window: 1 }, (recent, scores, start) => {
    for (const last of recent) addRow(rules, last, 1, scores, start);
  });
}

/** The `count` largest values of each row. */
function strongest({ offsets, columns, values }: SparseRows, count: number): SparseRows {
  return sparseRows(offsets.length - 1, (visit) => {
    for (let x = 0; x + 1 < offsets.length; x++) {
      const entries = Array.from({ length: offsets[x + 1]! - offsets[x]! }, (_, i) => offsets[x]! + i);
      entries.sort((a, b) => values[b]! - values[a]! || columns[a]! - columns[b]!);
      for (const entry of entries.slice(0, count)) visit(x, columns[entry]!, values[entry]!);
    }
  });
}
