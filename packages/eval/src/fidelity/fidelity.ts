import { LeaError, mean, type OptionsSchema, option, parseOptions, reference, type Task, task, whole } from '@lea/core';
import {
  checkScorers,
  checkTransitions,
  historyWindows,
  itemCounts,
  type Scores,
  type Transitions,
  topK,
} from '@lea/data';
import { checkItems } from '../check-scorer.ts';
import type { EvaluationEvent } from '../events.ts';
import { gains, rankOf } from '../metrics.ts';
import { auc } from './auc.ts';
import { type Calibration, calibrate, calibrateRewards, type RewardReliability } from './calibration.ts';
import { type Compared, comparedRewards, comparisons, preferences } from './comparisons.ts';
import { plattSlope } from './platt-scaling.ts';
import {
  drawCount,
  type RewardAccuracyOptions,
  type RewardAccuracyRows,
  rewardAccuracySchema,
} from './reward-accuracy.ts';
import { type Moments, moments, percentiles } from './statistics.ts';
import { type FidelitySubject, pick, scoresOf } from './subject.ts';

/** Options of {@link fidelity}. */
export interface FidelityOptions extends RewardAccuracyOptions {
  /** Rows that the subject was fitted on: items without a row are cold. Default: `train`. */
  readonly fitted: Transitions | undefined;
  /** Rows of users other than those of the test, to fit the Platt slope to. Default: none, no scaling. */
  readonly validation: Transitions | undefined;
  /** Number of positives per row. Higher: more recall of the user's future, less precision. Default: 10. */
  readonly k: number;
}

/** Defaults and checks of {@link FidelityOptions}. */
export const fidelitySchema: OptionsSchema<FidelityOptions> = {
  ...rewardAccuracySchema,
  draws: option(drawCount, 5),
  fitted: option(reference<Transitions>(), undefined),
  validation: option(reference<Transitions>(), undefined),
  k: option(whole(1), 10),
};

/** A quantity once against items drawn uniformly and once against items drawn by popularity. */
export interface AgainstBoth<T> {
  /** Against items drawn uniformly. */
  readonly uniform: T;
  /** Against items drawn by popularity. */
  readonly popular: T;
}

/** How well a subject agrees with held-out users. */
export interface Fidelity {
  /** Name of the subject. */
  readonly name: string;
  /** Number of measured rows. */
  readonly rows: number;
  /** NDCG@10 of the logged action among the whole catalog; ties go to the smaller index. */
  readonly ndcg: number;
  /** HR@10 of the logged action among the whole catalog. */
  readonly hr: number;
  /** Share of comparisons where the logged action gets more reward than an un-interacted item drawn uniformly; ties count half. */
  readonly accuracyUniform: number;
  /** The same against un-interacted items drawn in proportion to their count in `train`: popularity does not help here. */
  readonly accuracyPopular: number;
  /** Comparisons left out because a reward is missing (NaN). */
  readonly missing: number;
  /** Area under the ROC curve over the rewards of all rows together: do rewards of different histories compare? */
  readonly auc: AgainstBoth<number>;
  /** Probabilities as they come. */
  readonly calibration: AgainstBoth<Calibration>;
  /** Probabilities after Platt scaling fitted on `validation`, where that was given. */
  readonly scaled?: AgainstBoth<Calibration>;
  /**
   * Calibration of the probabilities of single rewards, if the subject has a calibration, on the logged actions and the
   * items drawn uniformly. `rewardForm: 'calibrated'` and environments to step through use these.
   */
  readonly probabilities?: RewardReliability;
  /** Rewards of the logged actions by kind of event, and of the items they were compared with. */
  readonly reward: AgainstBoth<Moments> & { readonly kinds: Readonly<Record<string, Moments>> };
  /** Mean share of the k positives (the items of highest score) that occur in what is left of the user's history, the logged action included. */
  readonly precision: number;
  /** The same for the first 1, 2, ..., k positives. */
  readonly precisionAt: readonly number[];
  /** Share of the catalog that is among the positives of some row. */
  readonly coverage: number;
  /** Mean popularity percentile in `train`, 0 (rarest) to 1: of the positives, and of what users did. */
  readonly popularity: { readonly positives: number; readonly logged: number };
  /** The rows whose action occurs in no row of `fitted`; NaN where there are none. */
  readonly cold: { readonly rows: number; readonly ndcg: number; readonly accuracyUniform: number };
  /** The values behind the means, for intervals and paired differences. */
  readonly perRow: FidelityRows;
}

/** One value per row, in the order of the test set. */
export interface FidelityRows extends RewardAccuracyRows {
  /** Rank of the logged action, from 1. */
  readonly rank: Int32Array;
  /** Share of its positives that occur in the user's future. */
  readonly precision: Float64Array;
  /** 1 where the action is a cold item. */
  readonly cold: Uint8Array;
}

/** Most scores computed at a time, and most rows. */
const CHUNK_SCORES = 2 ** 24;
const CHUNK_ROWS = 512;

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
  options?: Partial<FidelityOptions>,
): Task<Fidelity, EvaluationEvent<'fidelity'>> {
  return task(() => measuring(subject, test, options));
}

async function* measuring(
  subject: FidelitySubject,
  test: Transitions,
  options?: Partial<FidelityOptions>,
): AsyncGenerator<EvaluationEvent<'fidelity'>, Fidelity> {
  checkScorers('fidelity', { subject });
  checkTransitions('fidelity', { test });
  if (test.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to measure fidelity on.');
  checkItems(subject, test.sequences.itemIds);
  // The catalog limits k.
  const schema = { ...fidelitySchema, k: option(whole(1, subject.items), fidelitySchema.k.default) };
  const o = parseOptions('fidelity', schema, options);
  const rows = Math.min(o.rows, test.count);
  const { items, offsets, kind, kinds } = test.sequences;
  const train = o.train ?? test;
  const met = itemCounts(o.fitted ?? train);
  const percentile = percentiles(itemCounts(train));
  const logged = Int32Array.from(test.event.subarray(0, rows), (event) => items[event]!);

  const perRow = {
    rank: new Int32Array(rows),
    precision: new Float64Array(rows),
    cold: Uint8Array.from(logged, (item) => (met[item] === 0 ? 1 : 0)),
    user: test.sequence.slice(0, rows),
  };
  const hits = new Float64Array(o.k);
  const shown = new Uint8Array(subject.items);
  let shownPercentiles = 0;
  const all = { done: 0, total: rows + (o.validation?.count ?? 0) };
  const compared = yield* compare(subject, test, train, rows, o, all, (some, scores) => {
    for (const [i, row] of some.entries()) {
      const future = new Set(items.subarray(test.event[row], offsets[test.sequence[row]! + 1]));
      // Ties as in the single precision of environments, whose positives these are.
      const own = Float32Array.from(scores.subarray(i * subject.items, (i + 1) * subject.items));
      for (const [place, { item }] of topK(own, o.k).entries()) {
        shown[item] = 1;
        shownPercentiles += percentile[item]!;
        if (!future.has(item)) continue;
        hits[place]!++;
        perRow.precision[row]! += 1 / o.k;
      }
      perRow.rank[row] = rankOf(scores, logged[row]!, i * subject.items, subject.items);
    }
  });

  const wins = both((kind) => preferences(compared.logged, compared[kind]));
  const margins = marginsOf(compared);
  const held = o.validation && marginsOf(yield* compare(subject, o.validation, train, o.validation.count, o, all));
  const ndcg = gains(perRow.rank, { measure: 'ndcg', k: 10 });
  const ofKind = (k: number) => compared.logged.filter((_, row) => kind[test.event[row]!] === k);
  const isCold = (_: number, row: number): boolean => perRow.cold[row] === 1;
  let found = 0;
  return {
    name: subject.name,
    rows,
    ndcg: mean(ndcg),
    hr: mean(gains(perRow.rank, { measure: 'hr', k: 10 })),
    accuracyUniform: wins.uniform.accuracy,
    accuracyPopular: wins.popular.accuracy,
    missing: wins.uniform.missing + wins.popular.missing,
    auc: both((kind) => auc(compared.logged, compared[kind])),
    calibration: both((kind) => calibrate(margins[kind])),
    ...(held && { scaled: both((kind) => calibrate(margins[kind], plattSlope(held[kind]))) }),
    ...(subject.calibration && {
      probabilities: calibrateRewards(compared.logged, compared.uniform, subject.calibration),
    }),
    reward: {
      kinds: Object.fromEntries(kinds.map((name, k) => [name, moments(ofKind(k))])),
      ...both((kind) => moments(compared[kind])),
    },
    precision: mean(perRow.precision),
    precisionAt: Array.from(hits, (count, place) => {
      found += count;
      return found / (rows * (place + 1));
    }),
    coverage: shown.reduce((sum, was) => sum + was, 0) / subject.items,
    popularity: {
      positives: shownPercentiles / (rows * o.k),
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

/** Rewards of the comparisons of a set's first rows; `each` gets the scores of every batch, `all` counts the rows of all sets. */
async function* compare(
  subject: FidelitySubject,
  set: Transitions,
  train: Transitions,
  rows: number,
  o: FidelityOptions,
  all: { done: number; readonly total: number },
  each?: (some: Int32Array, scores: Scores) => void,
): AsyncGenerator<EvaluationEvent<'fidelity'>, Compared> {
  const draw = comparisons(set, train, o.seed, o.draws);
  const rewards = comparedRewards(rows, o.draws);
  const chunk = Math.max(1, Math.min(CHUNK_ROWS, Math.floor(CHUNK_SCORES / subject.items)));
  for (let from = 0; from < rows; from += chunk) {
    o.signal?.throwIfAborted();
    const some = Int32Array.from({ length: Math.min(chunk, rows - from) }, (_, i) => from + i);
    const windows = historyWindows(set, some, subject.window);
    const actions = draw(some);
    const scores = each || !subject.rewards ? await scoresOf(subject, windows) : undefined;
    rewards.add(subject.rewards ? await subject.rewards(windows, actions) : pick(scores!, actions, some.length));
    each?.(some, scores!);
    all.done += some.length;
    yield { stage: 'fidelity', ...all, unit: 'rows' };
    // A turn of the event loop, so that signals and progress are served when the subject is synchronous.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return rewards;
}

function both<T>(of: (kind: 'uniform' | 'popular') => T): AgainstBoth<T> {
  return { uniform: of('uniform'), popular: of('popular') };
}

/** R(logged) - R(other), [rows, draws]; equal infinite rewards are equal. */
function marginsOf(compared: Compared): AgainstBoth<Float64Array> {
  return both((kind) => {
    const draws = compared[kind].length / compared.logged.length;
    return compared[kind].map((other, i) => {
      const own = compared.logged[Math.floor(i / draws)]!;
      return own === other ? 0 : own - other;
    });
  });
}
