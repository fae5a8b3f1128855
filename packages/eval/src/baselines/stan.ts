import { checkRanges, withDefaults } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { checkRepeat } from './repeat.ts';
import { type SessionKnnOptions, sessionKnn, sessionKnnDefaults, sessionKnnRanges } from './session-knn.ts';
import { cosineFactors, type UserItems } from './user-items.ts';

/** The constants of {@link stan}. */
export interface StanOptions extends SessionKnnOptions {
  /** Events back in the history at which an item counts 1 / e of the last one; default 2. Lower trusts the last more. */
  readonly lambda1?: number;
  /**
   * Age of a train sequence, in the log's unit of time, at which it counts 1 / e of the latest one; default Infinity, age
   * does not count. Lower follows fashions. Without times in the log an age is a number of events that arrived later.
   */
  readonly lambda2?: number;
  /** Distance in a neighbor from the common item at which an item counts 1 / e; default 4. Higher reaches further. */
  readonly lambda3?: number;
  /** Times the weight of the neighbor's items before the common one; default 1, as in the paper. Lower looks forward. */
  readonly backward?: number;
}

const defaults: Required<StanOptions> = {
  ...sessionKnnDefaults,
  lambda1: 2,
  lambda2: Number.POSITIVE_INFINITY,
  lambda3: 4,
  backward: 1,
};

/**
 * Sequence and time aware neighborhood, STAN (Garg et al., SIGIR 2019): {@link sknn} with three decays, of the history's
 * items, of the sequences' age and of the distance in a neighbor from what it has in common with the history.
 *
 *     similarity(n) = sum of exp(-j / lambda1) over the i_j in n / sqrt(L |n|) * exp(-age(n) / lambda2)
 *     score = sum_n similarity(n) * exp(-|place(item) - place(i_m)| / lambda3) / sum_n similarity(n)
 *
 * over the neighbors n that hold the item, where i_0 is the last of the history's L items and i_m the most recent one in n.
 * Places are those of an item's last choice in n. Ages count from the end of the latest train sequence: a history has no
 * time here, and as the same for all neighbors it would not change the order.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function stan(train: Transitions, options: StanOptions = {}): Scorer {
  const o = withDefaults('stan', defaults, options);
  const positive = [Number.MIN_VALUE, Number.POSITIVE_INFINITY] as const;
  checkRanges('stan', o, {
    ...sessionKnnRanges,
    lambda1: positive,
    lambda2: positive,
    lambda3: positive,
    backward: [0, Number.MAX_VALUE],
  });
  checkRepeat('stan', o.repeat);
  return sessionKnn(train, o, {
    name: 'stan',
    weight: (back) => Math.exp(-back / o.lambda1),
    factors: (log) => agedFactors(log, o.lambda2),
    match: () => 1,
    near: (ahead) => (ahead < 0 ? o.backward : 1) * Math.exp(-Math.abs(ahead) / o.lambda3),
  });
}

function agedFactors(log: UserItems, lambda2: number): Float64Array {
  const now = log.latest.at(-1)!;
  return cosineFactors(log).map((factor, user) => factor * Math.exp((log.latest[user]! - now) / lambda2));
}
