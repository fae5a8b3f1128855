import {
  fold,
  type Given,
  integers,
  key,
  type OptionsSchema,
  option,
  parseOptions,
  randomBits,
  seed,
  whole,
} from '@lea/core';
import { quantile } from '../quantile.ts';
import { checkUserValues } from './check-values.ts';
import { checkConfidence, intervalSchema } from './compare.ts';

/** Options of {@link permutationTest}. */
export interface ResamplingOptions {
  /** Number of resamples. More: a finer p-value, which is never below 1 / (resamples + 1). Default: 10,000. */
  readonly resamples: number;
  /** Seed of the random numbers: the same seed gives the same result. Default: 0. */
  readonly seed: number;
}

/** Options of {@link bootstrapTest}. */
export interface BootstrapOptions extends ResamplingOptions {
  /** Confidence level of the interval. Default: 0.95. */
  readonly confidence: number;
}

/** A test of whether a mean over events is 0. */
export interface ResamplingTest {
  /** The mean over events. */
  readonly value: number;
  /** Two-sided p-value; NaN with fewer than two users. */
  readonly p: number;
  /** Number of events. */
  readonly events: number;
  /** Number of users. */
  readonly users: number;
}

/** Defaults and checks of {@link ResamplingOptions}. */
export const resamplingSchema: OptionsSchema<ResamplingOptions> = {
  resamples: option(whole(1, 2 ** 24), 10_000),
  seed: option(seed, 0),
};

/** Defaults and checks of {@link BootstrapOptions}. */
export const bootstrapSchema: OptionsSchema<BootstrapOptions> = {
  ...resamplingSchema,
  confidence: intervalSchema.confidence,
};

/** Sums whose true values are equal may differ in their last digits. */
const SAME = 1 - 1e-12;

/**
 * Paired bootstrap over users: users are drawn with replacement, each with all of its events, and the mean over the drawn events is
 * taken. The interval holds the middle of these means (percentiles). The p-value is the share of the means, moved to the mean 0 of
 * no difference, that are at least as far from 0 as the observed one (Efron and Tibshirani 1993, section 16.4; for rankings Smucker,
 * Allan and Carterette 2007), with one added to both counts (Davison and Hinkley 1997, section 4.2).
 *
 * @param values [events] paired differences of two runs
 * @param user [events] the user of each value
 * @throws LeaError `E_ARGUMENT_TYPE` (a value is not finite), `E_LENGTHS_DIFFER`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`,
 *   `E_CONFIDENCE`
 */
export function bootstrapTest(
  values: Float64Array,
  user: Int32Array,
  options?: Given<BootstrapOptions>,
): ResamplingTest & { readonly interval: readonly [number, number] } {
  checkUserValues('bootstrapTest', values, user);
  const { resamples, seed, confidence } = parseOptions('bootstrapTest', bootstrapSchema, options);
  checkConfidence(confidence);
  const { sums, counts, value } = totals(values, user);
  const users = sums.length;
  const result = { value, events: values.length, users };
  if (users < 2) return { ...result, p: Number.NaN, interval: [Number.NaN, Number.NaN] };
  const parent = key(seed);
  const means = Float64Array.from({ length: resamples }, (_, r) => {
    let [sum, count] = [0, 0];
    for (const drawn of integers(fold(parent, r), users, users)) {
      sum += sums[drawn]!;
      count += counts[drawn]!;
    }
    return sum / count;
  });
  const far = means.filter((mean) => Math.abs(mean - value) >= Math.abs(value) * SAME).length;
  means.sort();
  const outside = (1 - confidence) / 2;
  const interval = [quantile(means, outside), quantile(means, 1 - outside)] as const;
  return { ...result, p: (far + 1) / (resamples + 1), interval };
}

/**
 * Paired permutation test over users: without a difference, the differences of a user might as well have the other sign, all of them
 * together. The p-value is the share of the sign patterns whose mean is at least as far from 0 as the observed one (Fisher 1935):
 * of all patterns, where there are at most `resamples`, and otherwise of random ones, the observed one included (Phipson and Smyth
 * 2010).
 *
 * @param values [events] paired differences of two runs
 * @param user [events] the user of each value
 * @throws LeaError `E_ARGUMENT_TYPE` (a value is not finite), `E_LENGTHS_DIFFER`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function permutationTest(
  values: Float64Array,
  user: Int32Array,
  options?: Given<ResamplingOptions>,
): ResamplingTest & {
  /** Whether all sign patterns were tried. */
  readonly exact: boolean;
} {
  checkUserValues('permutationTest', values, user);
  const { resamples, seed } = parseOptions('permutationTest', resamplingSchema, options);
  const { sums, value } = totals(values, user);
  const result = { value, events: values.length, users: sums.length };
  if (sums.length < 2) return { ...result, p: Number.NaN, exact: false };
  // The sign of nothing changes nothing.
  const moving = sums.filter((sum) => sum !== 0);
  const bound = Math.abs(moving.reduce((total, sum) => total + sum, 0)) * SAME;
  const exact = 2 ** moving.length <= resamples;
  const patterns = exact ? 2 ** moving.length : resamples;
  const parent = key(seed);
  let far = 0;
  for (let r = 0; r < patterns; r++) {
    const { words } = fold(parent, r);
    let [total, bits] = [0, r];
    for (let u = 0; u < moving.length; u++) {
      if (!exact && u % 32 === 0) bits = randomBits(words, u / 32);
      total += (bits >>> (u % 32)) & 1 ? -moving[u]! : moving[u]!;
    }
    if (Math.abs(total) >= bound) far++;
  }
  return { ...result, p: exact ? far / patterns : (far + 1) / (patterns + 1), exact };
}

/** [users] sum and number of each user's values, and the mean of all. */
function totals(
  values: Float64Array,
  user: Int32Array,
): { readonly sums: Float64Array; readonly counts: Float64Array; readonly value: number } {
  const index = new Map<number, number>();
  for (const u of user) if (!index.has(u)) index.set(u, index.size);
  const [sums, counts] = [new Float64Array(index.size), new Float64Array(index.size)];
  for (const [i, u] of user.entries()) {
    sums[index.get(u)!]! += values[i]!;
    counts[index.get(u)!]!++;
  }
  return { sums, counts, value: sums.reduce((total, sum) => total + sum, 0) / values.length };
}
