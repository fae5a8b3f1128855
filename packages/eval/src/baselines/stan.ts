import { type Check, finite, type Given, type OptionsSchema, option, parseOptions } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';
import { checkTransitions } from '@lea/data';
import * as v from 'valibot';
import { type SessionKnnOptions, sessionKnn, sessionKnnSchema } from './session-knn.ts';
import { cosineFactors, type UserItems } from './user-items.ts';

/** Options of {@link stan}. */
export interface StanOptions extends SessionKnnOptions {
  /**
   * Decay over the history: an item `positionScale` events back has weight 1 / e. Lower values emphasize the last item.
   * Default: 2.
   */
  readonly positionScale: number;
  /**
   * Decay over the age of a train sequence, in the log's unit of time: a sequence of age `ageScale` has weight 1 / e of the
   * latest. Lower values follow trends. Without times in the log, age is the number of later events. Default: Infinity (no
   * decay).
   */
  readonly ageScale: number;
  /** Decay over the distance in a neighbor from the common item, in positions. Higher values reach further. Default: 4. */
  readonly distanceScale: number;
  /** Factor for a neighbor's items before the common item; 1 is the paper's. Lower values look forward. Default: 1. */
  readonly backward: number;
}

const aboveZero = 'must be a number above 0, or Infinity.';
const scale: Check<number> = v.pipe(v.number(aboveZero), v.gtValue(0, aboveZero));

/** Defaults and checks of {@link StanOptions}. */
export const stanSchema: OptionsSchema<StanOptions> = {
  ...sessionKnnSchema,
  positionScale: option(scale, 2),
  ageScale: option(scale, Infinity),
  distanceScale: option(scale, 4),
  backward: option(finite(0), 1),
};

/**
 * Sequence and time aware neighborhood, STAN (Garg et al., SIGIR 2019): {@link sknn} with three decays, over the items of the
 * history, the age of the sequences, and the distance in a neighbor from its common item with the history.
 *
 *     similarity(n) = sum of exp(-j / positionScale) over the i_j in n / sqrt(L |n|) * exp(-age(n) / ageScale)
 *     score = sum_n similarity(n) * exp(-|place(item) - place(i_m)| / distanceScale) / sum_n similarity(n)
 *
 * over the neighbors n that contain the item, where i_0 is the last of the history's L items and i_m the most recent one in n.
 * place(item) is the position of the item's last choice in n. Other implementations (session-rec, RecPack) measure the distance
 * from the common item that comes last in n instead. On short sequences both are about as good. Long ones have many items in
 * common, and the last of these says less about what comes next (LastFM: NDCG@10 .0567 instead of .0644).
 *
 * Ages are measured from the end of the latest train sequence: the time of the history is unknown here, and being the same for
 * all neighbors it would not change the order.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function stan(train: Transitions, options?: Given<StanOptions>): Scorer {
  checkTransitions('stan', { train });
  const o = parseOptions('stan', stanSchema, options);
  return sessionKnn(train, o, {
    name: 'stan',
    weight: (back) => Math.exp(-back / o.positionScale),
    factors: (log) => agedFactors(log, o.ageScale),
    match: () => 1,
    near: (ahead) => (ahead < 0 ? o.backward : 1) * Math.exp(-Math.abs(ahead) / o.distanceScale),
  });
}

function agedFactors(log: UserItems, ageScale: number): Float64Array {
  const now = log.latest.at(-1)!;
  return cosineFactors(log).map((factor, user) => factor * Math.exp((log.latest[user]! - now) / ageScale));
}
