import { parseOptions } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { checkTransitions } from '@lea/data';
import { type SessionKnnOptions, sessionKnn, sessionKnnSchema } from './session-knn.ts';

/**
 * Vector multiplication session-based nearest neighbors, V-SKNN (Ludewig and Jannach, User Modeling and User-Adapted
 * Interaction 28, 2018): like {@link sknn}, but more recent items have more weight. For a history of L items
 * i_0 (last), i_1, ...
 *
 *     similarity(n) = sum of (L - j) / L over the i_j in n
 *     score = sum of similarity(n) / (1 + m) over the neighbors that contain the item / sum of all similarities
 *
 * where i_m is the most recent item in n; the second decay follows the authors' code. For an item chosen twice, the last choice
 * counts.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function vsknn(train: Transitions, options?: Partial<SessionKnnOptions>): Scorer {
  checkTransitions('vsknn', { train });
  const o = parseOptions('vsknn', sessionKnnSchema, options);
  return sessionKnn(train, o, {
    name: 'vsknn',
    weight: (back, length) => (length - back) / length,
    factors: ({ users }) => new Float64Array(users).fill(1),
    match: (back) => 1 / (1 + back),
    near: () => 1,
  });
}
