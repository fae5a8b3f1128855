import {
  eventLoopTurn,
  fold,
  type Given,
  key,
  LeaError,
  mean,
  type OptionsSchema,
  option,
  parseOptions,
  permutation,
  reference,
  type Task,
  task,
  whole,
  wholeOrInfinity,
} from '@lea/core';
import {
  checkTransitions,
  historyWindows,
  itemCounts,
  type Scorer,
  type Scores,
  scoresOf,
  type Transitions,
  topK,
} from '@lea/data';
import { checkItems } from '../check-scorer.ts';
import type { EvaluationEvent } from '../events.ts';
import { gains, rankOf } from '../metrics.ts';
import { auc } from './auc.ts';
import { calibrate, calibrateRewards } from './calibration.ts';
import { type Compared, comparedRewards, comparisons, preferences } from './comparisons.ts';
import { plattSlope } from './platt-scaling.ts';
import type { AgainstBoth, Fidelity } from './result.ts';
import { drawCount, type RewardAccuracyOptions, rewardAccuracySchema } from './reward-accuracy.ts';
import { moments, percentiles } from './statistics.ts';
import { checkSubject, type FidelitySubject, pick, ranks } from './subject.ts';

/** Options of {@link fidelity}. */
export interface FidelityOptions extends RewardAccuracyOptions {
  /** Rows that the subject was fitted on: items without a row are cold. Default: `train`. */
  readonly fitted: Transitions | undefined;
  /** Rows of users other than those of the test, to fit the Platt slope to. Default: none, no scaling. */
  readonly validation: Transitions | undefined;
  /**
   * Number of rows to draw by the seed instead of measuring all, for subjects that take long. Their comparisons are those of
   * a measurement of all rows. Higher: less noise, slower. Default: Infinity (all).
   */
  readonly sample: number;
  /** Number of positives per row. Higher: more recall of the user's future, less precision. Default: 10. */
  readonly k: number;
}

/** Defaults and checks of {@link FidelityOptions}. */
export const fidelitySchema: OptionsSchema<FidelityOptions> = {
  ...rewardAccuracySchema,
  draws: option(drawCount, 5),
  fitted: option(reference<Transitions>(), undefined),
  validation: option(reference<Transitions>(), undefined),
  sample: option(wholeOrInfinity(1), Infinity),
  k: option(whole(1), 10),
};

/** Most scores computed at a time, and most rows: fewer of subjects that only give rewards, which may take seconds each. */
const CHUNK_SCORES = 2 ** 24;
const CHUNK_ROWS = 512;
const CHUNK_REWARDED = 16;

/**
 * How well a fitted environment, or anything else that scores items, agrees with held-out users. The same test rows,
 * `train`, `draws` and `seed` give the same comparisons for every subject: measure controls beside every environment.
 *
 * @param test rows of users that no fitting saw
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_CATALOG_SIZE`, `E_CATALOG_DIFFERS`, `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export function fidelity(
  subject: FidelitySubject,
  test: Transitions,
  options?: Given<FidelityOptions>,
): Task<Fidelity, EvaluationEvent<'fidelity'>> {
  return task(() => measuring(subject, test, options));
}

async function* measuring(
  subject: FidelitySubject,
  test: Transitions,
  options?: Given<FidelityOptions>,
): AsyncGenerator<EvaluationEvent<'fidelity'>, Fidelity> {
  checkSubject('fidelity', subject);
  checkTransitions('fidelity', { test });
  if (test.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to measure fidelity on.');
  checkItems(subject, test.sequences.itemIds);
  // The catalog limits k.
  const schema = { ...fidelitySchema, k: option(whole(1, subject.items), fidelitySchema.k.default) };
  const o = parseOptions('fidelity', schema, options);
  const row = rowsOf(test, o);
  const rows = row.length;
  const { items, offsets, kind, kinds } = test.sequences;
  const train = o.train ?? test;
  const met = itemCounts(o.fitted ?? train);
  const percentile = percentiles(itemCounts(train));
  const logged = row.map((r) => items[test.event[r]!]!);
  const ranked = ranks(subject);

  const perRow = {
    row,
    rank: new Int32Array(rows),
    precision: new Float64Array(rows).fill(ranked ? 0 : Number.NaN),
    cold: Uint8Array.from(logged, (item) => (met[item] === 0 ? 1 : 0)),
    user: row.map((r) => test.sequence[r]!),
  };
  const hits = new Float64Array(o.k);
  const shown = new Uint8Array(subject.items);
  let shownPercentiles = 0;
  const held = o.validation && rowsOf(o.validation, { rows: Infinity, sample: o.sample, seed: o.seed });
  const all = { done: 0, total: rows + (held?.length ?? 0) };
  const rank = (first: number, some: Int32Array, scores: Scores): void => {
    for (const [i, r] of some.entries()) {
      const at = first + i;
      const future = new Set(items.subarray(test.event[r], offsets[test.sequence[r]! + 1]));
      // Ties as in the single precision of environments, whose positives these are.
      const own = Float32Array.from(scores.subarray(i * subject.items, (i + 1) * subject.items));
      for (const [place, { item }] of topK(own, o.k).entries()) {
        shown[item] = 1;
        shownPercentiles += percentile[item]!;
        if (!future.has(item)) continue;
        hits[place]!++;
        perRow.precision[at]! += 1 / o.k;
      }
      perRow.rank[at] = rankOf(scores, logged[at]!, i * subject.items, subject.items);
    }
  };
  const compared = yield* compare(subject, test, train, row, o, all, ranked ? rank : undefined);

  const wins = both(compared, (others) => preferences(compared.logged, others));
  const margins = marginsOf(compared);
  const heldMargins = held && marginsOf(yield* compare(subject, o.validation!, train, held, o, all));
  const slopes = heldMargins && both(heldMargins, plattSlope);
  const gain = (measure: 'ndcg' | 'hr') =>
    ranked ? gains(perRow.rank, { measure, k: 10 }) : new Float64Array(rows).fill(Number.NaN);
  const ndcg = gain('ndcg');
  const ofKind = (k: number) => compared.logged.filter((_, i) => kind[test.event[row[i]!]!] === k);
  const isCold = (_: number, i: number): boolean => perRow.cold[i] === 1;
  const ifRanked = (value: number): number => (ranked ? value : Number.NaN);
  let found = 0;
  return {
    name: subject.name,
    rows,
    ndcg: mean(ndcg),
    hr: mean(gain('hr')),
    accuracyUniform: wins.uniform.accuracy,
    accuracyPopular: wins.popular.accuracy,
    missing: wins.uniform.missing + wins.popular.missing,
    auc: both(compared, (others) => auc(compared.logged, others)),
    calibration: both(margins, calibrate),
    ...(slopes && {
      scaled: {
        uniform: calibrate(margins.uniform, slopes.uniform),
        popular: calibrate(margins.popular, slopes.popular),
      },
    }),
    ...(subject.calibration && {
      probabilities: calibrateRewards(compared.logged, compared.uniform, subject.calibration),
    }),
    reward: {
      kinds: Object.fromEntries(kinds.map((name, k) => [name, moments(ofKind(k))])),
      ...both(compared, moments),
    },
    precision: mean(perRow.precision),
    precisionAt: Array.from(hits, (count, place) => {
      found += count;
      return ifRanked(found / (rows * (place + 1)));
    }),
    coverage: ifRanked(shown.reduce((sum, was) => sum + was, 0) / subject.items),
    popularity: {
      positives: ifRanked(shownPercentiles / (rows * o.k)),
      logged: mean(Float64Array.from(logged, (item) => percentile[item]!)),
    },
    cold: {
      rows: perRow.cold.reduce((sum, is) => sum + is, 0),
      ndcg: mean(ndcg.filter(isCold)),
      accuracyUniform: mean(wins.uniform.share.filter(isCold).filter((share) => !Number.isNaN(share))),
    },
    perRow: { ...perRow, accuracyUniform: wins.uniform.share, accuracyPopular: wins.popular.share },
  };
}

/** Indices of the rows to measure, ascending: the first ones, or a sample of them. */
function rowsOf(
  set: Transitions,
  { rows, sample, seed }: Pick<FidelityOptions, 'rows' | 'sample' | 'seed'>,
): Int32Array {
  const count = Math.min(rows, set.count);
  if (sample >= count) return Int32Array.from({ length: count }, (_, row) => row);
  return permutation(fold(key(seed), 'fidelity rows'), count)
    .slice(0, sample)
    .sort();
}

/** Rewards of the comparisons of some rows; `each` gets the scores of every batch, `all` counts the rows of all sets. */
async function* compare(
  subject: FidelitySubject,
  set: Transitions,
  train: Transitions,
  rows: Int32Array,
  o: FidelityOptions,
  all: { done: number; readonly total: number },
  each?: (first: number, some: Int32Array, scores: Scores) => void,
): AsyncGenerator<EvaluationEvent<'fidelity'>, Compared> {
  const draw = comparisons(set, train, o.seed, o.draws);
  const rewards = comparedRewards(rows.length, o.draws);
  const most = ranks(subject) ? CHUNK_ROWS : CHUNK_REWARDED;
  const chunk = Math.max(1, Math.min(most, Math.floor(CHUNK_SCORES / subject.items)));
  for (let from = 0; from < rows.length; from += chunk) {
    o.signal?.throwIfAborted();
    const some = rows.subarray(from, from + chunk);
    const windows = historyWindows(set, some, subject.window);
    const actions = draw(some);
    const scores = each || !subject.rewards ? await scoresOf(subject as Scorer, windows) : undefined;
    rewards.add(subject.rewards ? await subject.rewards(windows, actions) : pick(scores!, actions, some.length));
    each?.(from, some, scores!);
    all.done += some.length;
    yield { stage: 'fidelity', ...all, unit: 'rows' };
    await eventLoopTurn();
  }
  return rewards;
}

function both<T>({ uniform, popular }: AgainstBoth<Float64Array>, of: (values: Float64Array) => T): AgainstBoth<T> {
  return { uniform: of(uniform), popular: of(popular) };
}

/** R(logged) - R(other), [rows, draws]; equal infinite rewards are equal. */
function marginsOf(compared: Compared): AgainstBoth<Float64Array> {
  return both(compared, (others) => {
    const draws = others.length / compared.logged.length;
    return others.map((other, i) => {
      const own = compared.logged[Math.floor(i / draws)]!;
      return own === other ? 0 : own - other;
    });
  });
}
