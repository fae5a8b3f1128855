import { LeaError } from '@lea/core';
import type { Windows } from '@lea/data';
import type { Catalogue } from '../inference/catalogue.ts';
import type { RewardCalibration } from '../inference/reward-calibration.ts';
import { checkActions, type RewardModel } from '../inference/reward-model.ts';

/** Scores of all items, row after row. */
export type Scores = Float32Array | Float64Array;

/**
 * What fidelity is measured of: a fitted environment, or anything that scores items (every scorer of `@lea/eval`), so
 * that environments and counting answer the same questions.
 */
export interface FidelitySubject {
  readonly name: string;
  /** Size of the catalogue. */
  readonly items: number;
  /** Which items its indices are, where it knows: data of others are refused. */
  readonly catalogue?: Catalogue;
  /** Most events of a history that are read. */
  readonly window: number;
  /** What makes probabilities of its rewards, where it has that: environments fitted with validation do. */
  readonly calibration?: RewardCalibration;
  /** Scores of all items for each history, [size * items]. */
  score(windows: Windows): Scores | Promise<Scores>;
  /** Rewards of `actions` [size, A], [size * A]; without it an action's score is its reward. */
  rewards?(windows: Windows, actions: Int32Array): Promise<ArrayLike<number>>;
}

/** A scorer as a reward model: the reward of an action is its score. */
export function scoresAsRewards(scorer: Omit<FidelitySubject, 'rewards'>): RewardModel {
  const { name, items, window } = scorer;
  return {
    name,
    items,
    window,
    rewards: async (windows, actions) => {
      checkActions(actions, windows.size, items);
      return Float32Array.from(pick(await scoresOf(scorer, windows), actions, windows.size));
    },
  };
}

/**
 * Scores of all items, checked.
 *
 * @throws LeaError `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export async function scoresOf(subject: Omit<FidelitySubject, 'rewards'>, windows: Windows): Promise<Scores> {
  const scores = await subject.score(windows);
  if (scores.length !== windows.size * subject.items) {
    throw new LeaError(
      'E_SCORE_SHAPE',
      `${subject.name} gave a wrong number of scores for ${windows.size} histories.`,
      {
        value: scores.length,
        hint: `It has to give ${windows.size} rows of ${subject.items} scores.`,
      },
    );
  }
  const bad = scores.findIndex(Number.isNaN);
  if (bad >= 0) {
    throw new LeaError('E_SCORE_NAN', `${subject.name} scored item ${bad % subject.items} NaN.`, {
      hint: 'A model whose training diverged does this: lower its learning rate.',
    });
  }
  return scores;
}

/** Scores at the actions of each history, [size * A]. */
export function pick(scores: Scores, actions: Int32Array, size: number): Float64Array {
  const [items, width] = [scores.length / size, actions.length / size];
  return Float64Array.from(actions, (action, i) => scores[Math.floor(i / width) * items + action]!);
}
