import {
  abortSignal,
  type Check,
  type Given,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  reference,
  seed,
  type Task,
  task,
  whole,
  wholeOrInfinity,
} from '@lea/core';
import { checkRewardModels, checkTransitions, historyWindows, type RewardModel, type Transitions } from '@lea/data';
import { inBatches } from '../batches.ts';
import type { EvaluationEvent } from '../events.ts';
import { comparedRewards, comparisons, preferences } from './comparisons.ts';

/** Options of {@link rewardAccuracy}. */
export interface RewardAccuracyOptions {
  /** Rows that give the popularity by which negatives are drawn. Default: the test rows. */
  readonly train: Transitions | undefined;
  /**
   * Number of negatives of each sort per row, at most 1000. Higher: less noise, more rewards to compute. Default: 1; 5 in
   * `fidelity`.
   */
  readonly draws: number;
  /** Maximum number of rows to measure, the first ones of the set. Default: Infinity (all). */
  readonly rows: number;
  /** Seed of the negatives. Default: 0. */
  readonly seed: number;
  /** Aborts between two batches. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Negatives are held in memory, hence their limit. */
export const drawCount: Check<number> = whole(1, 1000);

/** Defaults and checks of {@link RewardAccuracyOptions}. */
export const rewardAccuracySchema: OptionsSchema<RewardAccuracyOptions> = {
  train: option(reference<Transitions>(), undefined),
  draws: option(drawCount, 1),
  rows: option(wholeOrInfinity(1), Infinity),
  seed: option(seed, 0),
  signal: option(abortSignal, undefined),
};

/** Result of `rewardAccuracy`. */
export interface RewardAccuracy {
  /** Number of measured rows. */
  readonly rows: number;
  /** Share of comparisons where the logged action gets more reward than an un-interacted item drawn uniformly; ties count half. */
  readonly accuracyUniform: number;
  /** The same against an un-interacted item drawn in proportion to its count in `train`: popularity does not help here. */
  readonly accuracyPopular: number;
  /** Comparisons left out because a reward is missing (NaN). */
  readonly missing: number;
}

const CHUNK_ROWS = 512;

/**
 * How often a reward model prefers what users did to what they did not. The same rows, seed and `train` give the same
 * comparisons for every model, and as `fidelity` makes, so models can be compared by it.
 *
 * @param test rows of users that no fitting saw
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`
 */
export function rewardAccuracy(
  model: RewardModel,
  test: Transitions,
  options?: Given<RewardAccuracyOptions>,
): Task<RewardAccuracy, EvaluationEvent<'reward-accuracy'>> {
  return task(() => comparing(model, test, options));
}

async function* comparing(
  model: RewardModel,
  test: Transitions,
  options?: Given<RewardAccuracyOptions>,
): AsyncGenerator<EvaluationEvent<'reward-accuracy'>, RewardAccuracy> {
  checkRewardModels('rewardAccuracy', { model });
  checkTransitions('rewardAccuracy', { test });
  const o = parseOptions('rewardAccuracy', rewardAccuracySchema, options);
  const rows = Math.min(o.rows, test.count);
  if (rows === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to measure rewards on.');
  const draw = comparisons(test, o.train ?? test, o.seed, o.draws);
  const rewards = comparedRewards(rows, o.draws);
  const size = { count: rows, batch: CHUNK_ROWS, signal: o.signal };
  yield* inBatches({ stage: 'reward-accuracy', unit: 'rows' }, size, async (some) => {
    rewards.add(await model.rewards(historyWindows(test, some, model.window), draw(some)));
  });
  const [uniform, popular] = [rewards.uniform, rewards.popular].map((others) => preferences(rewards.logged, others));
  return {
    rows,
    accuracyUniform: uniform!.accuracy,
    accuracyPopular: popular!.accuracy,
    missing: uniform!.missing + popular!.missing,
  };
}
