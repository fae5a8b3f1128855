import {
  finite,
  fold,
  type Given,
  key,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  permutation,
  positive,
  seed,
  whole,
} from '@lea/core';
import { type BanditFeedback, checkFeedback, clusterOfRounds } from './feedback.ts';
import { type Predictor, type Regression, ridge, tabular } from './regression.ts';

/** Values of all actions: a reward model of rounds, or a Q function of steps. */
export interface ActionValues {
  /** Name for errors. */
  readonly name: string;
  /** `[rounds.length, actions]`, flat: the expected reward, or return, of every action in each round. */
  values(feedback: BanditFeedback, rounds: Int32Array): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** Options of {@link fitRewards}; {@link fittedQ} has them too. */
export interface FitRewardsOptions {
  /**
   * `tabular`: means of (state, action), shrunk toward those of the action; without `state` in the log, of actions. `ridge`: a
   * ridge regression per action on `context`. Default: `tabular`.
   */
  readonly model: 'tabular' | 'ridge';
  /** Pseudo-count of `tabular`. Higher: closer to coarser means, for logs with few rounds per cell. Default: 1. */
  readonly smoothing: number;
  /** L2 penalty of `ridge`. Higher: closer to the mean. Default: 1. */
  readonly regularization: number;
  /**
   * Number of parts of the clusters: a round is predicted by a model that was fitted on the other parts, so that no estimate
   * uses a reward twice. More: better models, more time. 1 fits on all rounds. Default: 5.
   */
  readonly folds: number;
  /** Seed of the folds. Default: 0. */
  readonly seed: number;
}

/** Defaults and checks of {@link FitRewardsOptions}. */
export const fitRewardsSchema: OptionsSchema<FitRewardsOptions> = {
  model: option(oneOf('tabular', 'ridge'), 'tabular'),
  smoothing: option(finite(0), 1),
  regularization: option(positive, 1),
  folds: option(whole(1), 5),
  seed: option(seed, 0),
};

/**
 * Fits a model of the expected reward of every action, for `dm` and the doubly robust estimators. With more than one fold it
 * predicts the rounds of this log only.
 *
 * @throws LeaError `E_FEEDBACK` (malformed, or fewer clusters than folds), `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function fitRewards(feedback: BanditFeedback, options?: Given<FitRewardsOptions>): ActionValues {
  checkFeedback('fitRewards', feedback);
  const o = parseOptions('fitRewards', fitRewardsSchema, options);
  const folds = foldsOf('fitRewards', feedback, o);
  const predictors = folds.rounds.map((rounds) => regressionOf('fitRewards', feedback, rounds, o).fit(feedback.reward));
  return crossFitted(`${o.model} rewards`, feedback, folds, predictors);
}

/** The regression of some rounds that options name. */
export function regressionOf(
  where: string,
  feedback: BanditFeedback,
  rounds: Int32Array,
  { model, smoothing, regularization }: FitRewardsOptions,
): Regression {
  return model === 'tabular' ? tabular(feedback, rounds, smoothing) : ridge(where, feedback, rounds, regularization);
}

/** Rounds to fit on, by fold. */
export interface Folds {
  /** [rounds] the fold whose model predicts the round */
  readonly of: Int32Array;
  /** [folds] the rounds of all other folds; all rounds if there is one fold */
  readonly rounds: readonly Int32Array[];
}

/** Deals clusters to folds at random. @throws LeaError `E_FEEDBACK` with fewer clusters than folds */
export function foldsOf(where: string, feedback: BanditFeedback, { folds, seed }: FitRewardsOptions): Folds {
  const clusters = clusterOfRounds(feedback);
  if (clusters.count < folds) {
    throw new LeaError('E_FEEDBACK', `${where}: ${folds} folds need as many users or sessions.`, {
      value: clusters.count,
      hint: 'Lower folds.',
    });
  }
  const order = permutation(fold(key(seed), 'off-policy folds'), clusters.count);
  const of = clusters.of.map((cluster) => order[cluster]! % folds);
  const all = Int32Array.from(of, (_, round) => round);
  const rounds = Array.from({ length: folds }, (_, f) => (folds === 1 ? all : all.filter((round) => of[round] !== f)));
  return { of, rounds };
}

/** Predicts each round by the model that does not know it. */
export function crossFitted(
  name: string,
  feedback: BanditFeedback,
  { of, rounds: parts }: Folds,
  predictors: readonly Predictor[],
): ActionValues {
  return {
    name,
    values(other, rounds) {
      if (parts.length > 1 && other.action !== feedback.action) {
        throw new LeaError('E_FEEDBACK', `${name} was cross-fitted: it predicts the log that it was fitted on.`, {
          hint: 'Use folds: 1 to predict another log.',
        });
      }
      const { actions } = feedback;
      const values = new Float64Array(rounds.length * actions);
      for (const [i, round] of rounds.entries()) {
        const predict = predictors[parts.length > 1 ? of[round]! : 0]!;
        predict(other, round, values.subarray(i * actions, (i + 1) * actions));
      }
      return values;
    },
  };
}
