import { finite, type Given, type OptionsSchema, option, parseOptions } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { checkTransitions, itemCounts } from '@lea/data';
import { type SessionKnnOptions, sessionKnn, sessionKnnSchema } from './session-knn.ts';

/** Options of {@link vsknn}. */
export interface VsknnOptions extends SessionKnnOptions {
  /**
   * Exponent of an item's position in the history, in its weight: 0 weighs all items alike, 1 linearly, 2 by the square. Higher
   * values emphasize the last items. Default: 1.
   */
  readonly positionPower: number;
  /** Weight of the inverse document frequency in an item's score. Higher values favor rare items. Default: 0 (none). */
  readonly idf: number;
}

/** Defaults and checks of {@link VsknnOptions}. */
export const vsknnSchema: OptionsSchema<VsknnOptions> = {
  ...sessionKnnSchema,
  positionPower: option(finite(0), 1),
  idf: option(finite(0), 0),
};

/**
 * Vector multiplication session-based nearest neighbors, V-SKNN (Ludewig and Jannach, User Modeling and User-Adapted
 * Interaction 28, 2018): like {@link sknn}, but more recent items have more weight. For a history of L items
 * i_0 (last), i_1, ...
 *
 *     similarity(n) = sum of ((L - j) / L)^positionPower over the i_j in n
 *     score = sum of similarity(n) / (1 + m) over the neighbors that contain the item / sum of all similarities
 *             * (1 + idf * max(0, ln(train sequences / choices of the item in train)))
 *
 * where i_m is the most recent item in n. The decay 1 / (1 + m) and the last factor follow the authors' code (session-rec), which
 * has no floor at 0; there items that are chosen more often than there are sequences would count against themselves. For an item
 * chosen twice, the last choice counts.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function vsknn(train: Transitions, options?: Given<VsknnOptions>): Scorer {
  checkTransitions('vsknn', { train });
  const o = parseOptions('vsknn', vsknnSchema, options);
  return sessionKnn(train, o, {
    name: 'vsknn',
    weight: (back, length) => ((length - back) / length) ** o.positionPower,
    factors: ({ users }) => new Float64Array(users).fill(1),
    match: (back) => 1 / (1 + back),
    near: () => 1,
    factorsOfItems: ({ users }) => itemCounts(train).map((count) => rarity(users, count, o.idf)),
  });
}

function rarity(sequences: number, count: number, idf: number): number {
  return 1 + idf * Math.max(0, Math.log(sequences / Math.max(1, count)));
}
