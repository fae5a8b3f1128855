import {
  checkNumbers,
  checkObjects,
  contentHash,
  type Given,
  LeaError,
  type Task,
  task,
  withDefaults,
} from '@lea/core';
import {
  type Annotation,
  checkRewardModels,
  checkTransitions,
  historyWindows,
  type RewardModel,
  rewardStatistics,
  rowsHash,
  type Transitions,
} from '@lea/data';
import type { EnvironmentEvent } from '../shared/events.ts';

/** Options of {@link annotateRewards}. */
export interface AnnotateRewardsOptions {
  /** Aborts the annotation (default: none). */
  readonly signal: AbortSignal | undefined;
}

const CHUNK_ROWS = 64;

/**
 * Replaces the rewards of an annotation, of logged actions and positives, by those of another reward model, such as a
 * prompted model. Everything else is kept. Missing rewards (NaN) become the mean reward of the logged actions, which is
 * neutral. Results are not stored, but an interrupted run resumes if a prompted model has a cache.
 *
 * @param transitions the rows of the annotation
 * @param model the reward model; its `hash` becomes part of the new annotation's hash
 * @throws LeaError `E_OPTION_VALUE` (other rows, another catalog), `E_REWARD_MISSING` (all rewards are NaN), and the errors of
 *   the model
 */
export function annotateRewards(
  annotation: Annotation,
  transitions: Transitions,
  model: RewardModel & {
    /** Hash of everything that determines the rewards. */
    readonly hash: string;
  },
  options?: Given<AnnotateRewardsOptions>,
): Task<Annotation, EnvironmentEvent<'rewards'>> {
  return task(() => annotatingRewards(annotation, transitions, model, options));
}

async function* annotatingRewards(
  annotation: Annotation,
  transitions: Transitions,
  model: RewardModel & { readonly hash: string },
  options?: Given<AnnotateRewardsOptions>,
): AsyncGenerator<EnvironmentEvent<'rewards'>, Annotation> {
  checkObjects('annotateRewards', { annotation });
  checkNumbers('annotateRewards', { positives: annotation.positives });
  checkTransitions('annotateRewards', { transitions });
  checkRewardModels('annotateRewards', { model });
  const { signal } = withDefaults<AnnotateRewardsOptions>('annotateRewards', { signal: undefined }, options);
  const { rows, k, positives } = annotation;
  const { sequences, event } = transitions;
  if (transitions.count !== rows) {
    throw new LeaError('E_OPTION_VALUE', `Expected the ${rows} rows of the annotation.`, {
      value: transitions.count,
    });
  }
  if (annotation.rowsHash !== undefined && annotation.rowsHash !== rowsHash(transitions)) {
    throw new LeaError('E_OPTION_VALUE', 'The annotation belongs to other rows.', {
      hint: 'Pass the transitions that were annotated.',
    });
  }
  if (sequences.itemIds.length !== model.items) {
    throw new LeaError('E_OPTION_VALUE', `Expected a model for the ${sequences.itemIds.length} items of the rows.`, {
      value: model.items,
    });
  }
  const reward = new Float32Array(rows);
  const positiveRewards = new Float32Array(rows * k);
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    signal?.throwIfAborted();
    const some = Int32Array.from({ length: Math.min(CHUNK_ROWS, rows - from) }, (_, i) => from + i);
    const actions = new Int32Array(some.length * (k + 1));
    some.forEach((row, i) => {
      actions[i * (k + 1)] = sequences.items[event[row]!]!;
      actions.set(positives.subarray(row * k, (row + 1) * k), i * (k + 1) + 1);
    });
    const rewards = await model.rewards(historyWindows(transitions, some, model.window), actions);
    some.forEach((row, i) => {
      reward[row] = rewards[i * (k + 1)]!;
      positiveRewards.set(rewards.subarray(i * (k + 1) + 1, (i + 1) * (k + 1)), row * k);
    });
    yield { stage: 'rewards', done: from + some.length, total: rows, unit: 'rows' };
  }

  const known = reward.filter((value) => !Number.isNaN(value));
  if (known.length === 0)
    throw new LeaError('E_REWARD_MISSING', 'The rewards of all logged actions are missing (NaN).');
  const statistics = rewardStatistics(known);
  const filled = (values: Float32Array): Float32Array =>
    values.map((value) => (Number.isNaN(value) ? statistics.rewardMean : value));
  // The calibration belongs to the replaced rewards.
  const { calibration: _, ...rest } = annotation;
  return {
    ...rest,
    reward: filled(reward),
    positiveRewards: filled(positiveRewards),
    ...statistics,
    hash: contentHash('annotated rewards', annotation.hash, model.hash),
  };
}
