import { contentHash, LeaError, type Task, task, withDefaults } from '@lea/core';
import {
  type Annotation,
  historyWindows,
  type RewardModel,
  rewardStatistics,
  rowsHash,
  type Transitions,
} from '@lea/data';
import type { EnvironmentEvent } from '../shared/events.ts';

export interface AnnotateRewardsOptions {
  readonly signal: AbortSignal | undefined;
}

const CHUNK_ROWS = 64;

/**
 * An annotation whose rewards, of logged actions and of positives, are another model's: a prompted model's, for
 * instance, in place of the fitted environment's. Everything else stays. What is missing (NaN) becomes the mean of the
 * logged actions' rewards, which says nothing for or against an action. Nothing is stored here: a prompted model has
 * its cache, so that a run that was cut goes on where it was.
 *
 * @param transitions the rows of the annotation
 * @throws LeaError `E_OPTION_VALUE` (other rows, another catalog), `E_REWARD_MISSING` (all of them), and what the model throws
 */
export function annotateRewards(
  annotation: Annotation,
  transitions: Transitions,
  model: RewardModel & { readonly hash: string },
  options?: Partial<AnnotateRewardsOptions>,
): Task<Annotation, EnvironmentEvent<'rewards'>> {
  return task(() => annotatingRewards(annotation, transitions, model, options));
}

async function* annotatingRewards(
  annotation: Annotation,
  transitions: Transitions,
  model: RewardModel & { readonly hash: string },
  options?: Partial<AnnotateRewardsOptions>,
): AsyncGenerator<EnvironmentEvent<'rewards'>, Annotation> {
  const { signal } = withDefaults<AnnotateRewardsOptions>('annotateRewards', { signal: undefined }, options);
  const { rows, k, positives } = annotation;
  const { sequences, event } = transitions;
  if (transitions.count !== rows) {
    throw new LeaError('E_OPTION_VALUE', `The annotation is of ${rows} rows.`, { value: transitions.count });
  }
  if (annotation.rowsHash !== undefined && annotation.rowsHash !== rowsHash(transitions)) {
    throw new LeaError('E_OPTION_VALUE', 'The annotation is of other rows.', {
      hint: 'Give the transitions that were annotated.',
    });
  }
  if (sequences.itemIds.length !== model.items) {
    throw new LeaError(
      'E_OPTION_VALUE',
      `The rows are about ${sequences.itemIds.length} items, the model about others.`,
      {
        value: model.items,
      },
    );
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
  if (known.length === 0) throw new LeaError('E_REWARD_MISSING', 'The model gave no reward for any logged action.');
  const statistics = rewardStatistics(known);
  const filled = (values: Float32Array): Float32Array =>
    values.map((value) => (Number.isNaN(value) ? statistics.rewardMean : value));
  // A calibration is of the rewards that are replaced.
  const { calibration: _, ...rest } = annotation;
  return {
    ...rest,
    reward: filled(reward),
    positiveRewards: filled(positiveRewards),
    ...statistics,
    hash: contentHash('annotated rewards', annotation.hash, model.hash),
  };
}
