import { type ArgumentCheck, argumentCheck, isObject, LeaError } from '@lea/core';
import { isItemList, type Windows } from '@lea/data';

/**
 * Logged bandit feedback: what a behavior policy did in each round, how likely it was, and what came of it. A round is one
 * decision. All arrays have one entry per round.
 */
export interface BanditFeedback {
  /** Number of actions. */
  readonly actions: number;
  /** [rounds] index of the logged action */
  readonly action: ArrayLike<number>;
  /** [rounds] reward of the logged action */
  readonly reward: ArrayLike<number>;
  /** [rounds] probability with which the behavior policy took the logged action, above 0 */
  readonly propensity: ArrayLike<number>;
  /**
   * [rounds] place of the action in a list, if actions are shown in lists. The propensity is then that of the action at its
   * place, and a policy reads the place to give the probabilities there.
   */
  readonly position?: ArrayLike<number>;
  /** [rounds] user or session; rounds of one cluster may depend on each other. Default: every round is a cluster. */
  readonly cluster?: ArrayLike<number>;
  /** [rounds] code of a discrete context, for tabular models: a whole number of at least 0 */
  readonly state?: ArrayLike<number>;
  /** Numeric features of the contexts, for ridge regression and policies of your own. */
  readonly context?: Features;
  /** The histories of some rounds, for policies that are made from a `Scorer`. */
  readonly histories?: (rounds: Int32Array, window: number) => Windows;
}

/**
 * Logged trajectories: bandit feedback whose rounds are steps. Trajectory i has the steps `offsets[i]` to `offsets[i + 1]`
 * (exclusive), in the order of time. By default every trajectory is a cluster; `cluster` has an entry per step, and the one of
 * the first step counts.
 */
export interface Trajectories extends BanditFeedback {
  /** [trajectories + 1] where each trajectory begins */
  readonly offsets: ArrayLike<number>;
  /** Discount per step, from 0 to 1. */
  readonly discount: number;
}

/** One row of numbers per round. */
export interface Features {
  /** [rounds, width] in row-major order */
  readonly data: ArrayLike<number>;
  /** Number of features. */
  readonly width: number;
}

const isFeedback = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.actions === 'number' &&
  [value.action, value.reward, value.propensity].every(isItemList);

const checkIsFeedback: ArgumentCheck = argumentCheck(
  'logged feedback with actions, action, reward and propensity',
  isFeedback,
  'Make it with feedbackOf(transitions, behavior, options), or from the columns of your log.',
);

const checkAreTrajectories: ArgumentCheck = argumentCheck(
  'logged trajectories: feedback with offsets and discount',
  (value) => isFeedback(value) && isTrajectories(value as BanditFeedback),
  'Make them with trajectoriesOf(transitions, behavior, options).',
);

/** Whether the rounds are the steps of trajectories. */
export function isTrajectories(feedback: BanditFeedback): feedback is Trajectories {
  return 'offsets' in feedback && isItemList(feedback.offsets) && 'discount' in feedback;
}

/** @throws LeaError `E_ARGUMENT_TYPE`, `E_FEEDBACK` */
export function checkFeedback(where: string, feedback: BanditFeedback): void {
  checkIsFeedback(where, { feedback });
  const { actions, action, reward, propensity, position, cluster, state, context } = feedback;
  const rounds = action.length;
  const refuse = (what: string, value: unknown, hint: string): never => {
    throw new LeaError('E_FEEDBACK', `${where}: ${what}.`, { value, hint });
  };
  if (!(Number.isInteger(actions) && actions >= 1)) {
    refuse('actions must be a whole number of at least 1', actions, 'It is the number of actions of the policies.');
  }
  if (rounds === 0) refuse('the log has no rounds', rounds, 'Check how the log was selected.');
  for (const [name, column] of Object.entries({ reward, propensity, position, cluster, state })) {
    if (column === undefined || column.length === rounds) continue;
    refuse(`${name} must have one entry for each of the ${rounds} rounds`, column.length, 'Columns are parallel.');
  }
  if (context && context.data.length !== rounds * context.width) {
    refuse(`context must have ${rounds} rows of ${context.width} features`, context.data.length, 'Rows are rounds.');
  }
  for (let i = 0; i < rounds; i++) {
    if (!(Number.isInteger(action[i]) && action[i]! >= 0 && action[i]! < actions)) {
      refuse(`the action of round ${i} must be in 0..${actions - 1}`, action[i], 'Actions are indices.');
    }
    if (!Number.isFinite(reward[i]))
      refuse(`the reward of round ${i} must be finite`, reward[i], 'Leave the round out.');
    if (!(propensity[i]! > 0 && propensity[i]! <= 1)) {
      refuse(
        `the propensity of round ${i} must be above 0 and at most 1`,
        propensity[i],
        'The behavior policy took this action, so its probability cannot be 0: its model is wrong, or the log.',
      );
    }
    if (state && !(Number.isInteger(state[i]) && state[i]! >= 0)) {
      refuse(`the state of round ${i} must be a whole number of at least 0`, state[i], 'States are codes.');
    }
  }
}

/** @throws LeaError `E_ARGUMENT_TYPE`, `E_FEEDBACK` */
export function checkTrajectories(where: string, trajectories: Trajectories): void {
  checkAreTrajectories(where, { trajectories });
  checkFeedback(where, trajectories);
  const { offsets, discount, action } = trajectories;
  const refuse = (what: string, value: unknown): never => {
    throw new LeaError('E_FEEDBACK', `${where}: ${what}.`, { value, hint: 'See the type Trajectories.' });
  };
  if (!(discount >= 0 && discount <= 1)) refuse('discount must be a number from 0 to 1', discount);
  if (offsets.length < 2 || offsets[0] !== 0 || offsets[offsets.length - 1] !== action.length) {
    refuse(`offsets must begin with 0 and end with the number of steps, ${action.length}`, offsets);
  }
  for (let i = 0; i + 1 < offsets.length; i++) {
    if (!(offsets[i + 1]! > offsets[i]!)) refuse(`trajectory ${i} has no step`, [offsets[i], offsets[i + 1]]);
  }
}

/** Cluster of each unit, numbered from 0. */
export interface Clusters {
  /** [units] number of the cluster */
  readonly of: Int32Array;
  /** Number of clusters. */
  readonly count: number;
}

/** Clusters of rounds, or of trajectories if the feedback has them. */
export function clustersOf(feedback: BanditFeedback): Clusters {
  const units = unitsOf(feedback);
  const { cluster } = feedback;
  if (!cluster) return { of: Int32Array.from({ length: units }, (_, i) => i), count: units };
  const first = (unit: number): number => (isTrajectories(feedback) ? feedback.offsets[unit]! : unit);
  const numbers = new Map<number, number>();
  const of = Int32Array.from({ length: units }, (_, unit) => {
    const raw = cluster[first(unit)]!;
    if (!numbers.has(raw)) numbers.set(raw, numbers.size);
    return numbers.get(raw)!;
  });
  return { of, count: numbers.size };
}

/** Number of rounds, or of trajectories. */
export function unitsOf(feedback: BanditFeedback): number {
  return isTrajectories(feedback) ? feedback.offsets.length - 1 : feedback.action.length;
}

/** [rounds] the cluster of each round; the rounds of a trajectory are in its cluster. */
export function clusterOfRounds(feedback: BanditFeedback): Clusters {
  const clusters = clustersOf(feedback);
  if (!isTrajectories(feedback)) return clusters;
  const of = new Int32Array(feedback.action.length);
  for (let i = 0; i < clusters.of.length; i++) of.fill(clusters.of[i]!, feedback.offsets[i], feedback.offsets[i + 1]);
  return { of, count: clusters.count };
}
