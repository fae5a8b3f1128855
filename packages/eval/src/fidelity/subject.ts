import { LeaError } from '@lea/core';
import {
  checkActions,
  checkScorers,
  type RewardCalibration,
  type RewardModel,
  type Scorer,
  type Scores,
  type Windows,
} from '@lea/data';
import { checkShape } from '../check-scorer.ts';

/** A subject of fidelity: any scorer. Environments also give rewards, and some give probabilities. */
export interface FidelitySubject extends Scorer {
  /** Converts its rewards to probabilities; environments that were fitted with validation have it. */
  readonly calibration?: RewardCalibration;
  /** Rewards of `actions` [size, A], [size * A]; without it an action's score is its reward. */
  rewards?(windows: Windows, actions: Int32Array): Promise<ArrayLike<number>>;
}

/** A scorer as a reward model: the reward of an action is its score. */
export function scoresAsRewards(scorer: Scorer): RewardModel {
  checkScorers('scoresAsRewards', { scorer });
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
export async function scoresOf(subject: Scorer, windows: Windows): Promise<Scores> {
  const scores = await subject.score(windows);
  checkShape(subject, scores, windows.size);
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
