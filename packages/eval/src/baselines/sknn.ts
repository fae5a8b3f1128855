import { checkRanges, withDefaults } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { checkRepeat } from './repeat.ts';
import { type SessionKnnOptions, sessionKnn, sessionKnnDefaults, sessionKnnRanges } from './session-knn.ts';
import { cosineFactors } from './user-items.ts';

/**
 * Session-based nearest neighbors, S-KNN (Jannach and Ludewig, RecSys 2017): items of the train sequences n whose sets of
 * items resemble the history's s, whatever their order.
 *
 *     similarity(n) = |s and n| / sqrt(|s| |n|)
 *     score = sum of similarity(n) over the neighbors that hold the item, by its sum over all neighbors
 *
 * A train sequence is all that one user chose in `train`. `sample` counts back from the latest sequence, in the order of
 * arrival where the log has no times. Popularity breaks ties and ranks empty histories.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function sknn(train: Transitions, options: SessionKnnOptions = {}): Scorer {
  const o = withDefaults('sknn', sessionKnnDefaults, options);
  checkRanges('sknn', o, sessionKnnRanges);
  checkRepeat('sknn', o.repeat);
  return sessionKnn(train, o, {
    name: 'sknn',
    weight: () => 1,
    factors: cosineFactors,
    match: () => 1,
    near: () => 1,
  });
}
