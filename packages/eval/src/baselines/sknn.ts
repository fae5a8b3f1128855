import { type Given, parseOptions } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { checkTransitions } from '@lea/data';
import { type SessionKnnOptions, sessionKnn, sessionKnnSchema } from './session-knn.ts';
import { cosineFactors } from './user-items.ts';

/**
 * Session-based nearest neighbors, S-KNN (Jannach and Ludewig, RecSys 2017): ranks items of the train sequences n whose item
 * sets are similar to that of the history s, ignoring order.
 *
 *     similarity(n) = |s and n| / sqrt(|s| |n|)
 *     score = sum of similarity(n) over the neighbors that contain the item / sum of similarity(n) over all neighbors
 *
 * A train sequence consists of all items that one user chose in `train`. `sample` takes the latest sequences, in input order if
 * the log has no times. Popularity breaks ties and ranks empty histories.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function sknn(train: Transitions, options?: Given<SessionKnnOptions>): Scorer {
  checkTransitions('sknn', { train });
  const o = parseOptions('sknn', sessionKnnSchema, options);
  return sessionKnn(train, o, {
    name: 'sknn',
    weight: () => 1,
    factors: cosineFactors,
    match: () => 1,
    near: () => 1,
  });
}
