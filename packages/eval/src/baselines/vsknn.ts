import { checkRanges, withDefaults } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { checkRepeat } from './repeat.ts';
import { type SessionKnnOptions, sessionKnn, sessionKnnDefaults, sessionKnnRanges } from './session-knn.ts';

/**
 * Vector multiplication session-based nearest neighbors, V-SKNN (Ludewig and Jannach, User Modeling and User-Adapted
 * Interaction 28, 2018): as {@link sknn}, but the later an item was chosen the more it counts. For a history of L items
 * i_0 (last), i_1, ...
 *
 *     similarity(n) = sum of (L - j) / L over the i_j in n
 *     score = sum of similarity(n) / (1 + m) over the neighbors that hold the item, by the sum of similarities
 *
 * where i_m is the most recent item in n; the second decay is that of the authors' code. An item chosen twice counts by
 * its last choice.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function vsknn(train: Transitions, options: SessionKnnOptions = {}): Scorer {
  const o = withDefaults('vsknn', sessionKnnDefaults, options);
  checkRanges('vsknn', o, sessionKnnRanges);
  checkRepeat('vsknn', o.repeat);
  return sessionKnn(train, o, {
    name: 'vsknn',
    weight: (back, length) => (length - back) / length,
    factors: ({ users }) => new Float64Array(users).fill(1),
    match: (back) => 1 / (1 + back),
    near: () => 1,
  });
}
