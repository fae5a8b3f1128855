import {
  checkActions,
  checkRewardModels,
  checkScorers,
  type RewardCalibration,
  type RewardModel,
  type Scorer,
  type Scores,
  scoresOf,
  type Windows,
} from '@lea/data';

/**
 * A subject of fidelity: any scorer or reward model. Environments are both, and some give probabilities. A subject without
 * `score`, such as a prompted model, ranks no catalog: only its rewards are measured.
 */
export interface FidelitySubject extends Omit<Scorer, 'score'>, Partial<Pick<Scorer, 'score'>> {
  /** Converts its rewards to probabilities; environments that were fitted with validation have it. */
  readonly calibration?: RewardCalibration;
  /** Rewards of `actions` [size, A], [size * A]; without it an action's score is its reward. */
  rewards?(windows: Windows, actions: Int32Array): Promise<ArrayLike<number>>;
}

/** Refuses what neither scores items nor gives rewards. @throws LeaError `E_ARGUMENT_TYPE` */
export function checkSubject(where: string, subject: FidelitySubject): void {
  const check = typeof subject?.rewards === 'function' ? checkRewardModels : checkScorers;
  check(where, { subject });
}

/** Whether a subject scores all items. */
export function ranks(subject: FidelitySubject): subject is FidelitySubject & Scorer {
  return subject.score !== undefined;
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

/** Scores at the actions of each history, [size * A]. */
export function pick(scores: Scores, actions: Int32Array, size: number): Float64Array {
  const [items, width] = [scores.length / size, actions.length / size];
  return Float64Array.from(actions, (action, i) => scores[Math.floor(i / width) * items + action]!);
}
