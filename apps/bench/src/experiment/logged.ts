import { fold, key, permutation } from '@lea/core';
import { rewardReader, type Scorer, type Transitions } from '@lea/data';
import { type ActionPolicy, type FitBehaviorOptions, feedbackOf, fitBehavior, fitRewards } from '@lea/eval/off-policy';
import type { Experiment } from '../config/schema.ts';
import type { Context, Logged } from './context.ts';

/** Numbers of rows * items that a temperature is fitted on, and that policies return at a time. */
const [FITTED, HELD] = [2 ** 23, 2 ** 22];

/** Options of estimates, with defaults. */
export function estimateOptions({ events = 4000, seed = 0 }: NonNullable<Experiment['offPolicy']>): {
  readonly events: number;
  readonly seed: number;
} {
  return { events, seed };
}

/** The log of an experiment, made at the first call. */
export function lazyLog(context: Pick<Context, 'experiment' | 'split' | 'memory'>): () => Promise<Logged> {
  let made: Promise<Logged> | undefined;
  return () => {
    made ??= logged(context);
    return made;
  };
}

async function logged({
  experiment,
  split,
  memory,
}: Pick<Context, 'experiment' | 'split' | 'memory'>): Promise<Logged> {
  const { events, seed } = estimateOptions(experiment.offPolicy!);
  // Of the baselines it predicts users best, and its scores are logarithms of probabilities.
  const { memory: scorer } = await memory({});
  const { policy: behavior, temperature } = await softmaxOf(scorer, split.validation, seed, 'refuse');
  const feedback = await feedbackOf(sampled(split.test, events, seed), behavior, experiment.rewards);
  const users = new Set(feedback.cluster as Int32Array).size;
  const model = fitRewards(feedback, { folds: Math.min(5, users), seed });
  const batch = Math.max(1, Math.min(256, Math.floor(HELD / feedback.actions)));
  return { feedback, behavior, temperature, model, batch };
}

/** The softmax of scores at the temperature that fits a sample of validation events. @throws the errors of `fitBehavior` */
export function softmaxOf(
  scorer: Scorer,
  validation: Transitions,
  seed: number,
  ruledOut: FitBehaviorOptions['ruledOut'],
): Promise<{ policy: ActionPolicy; temperature: number }> {
  const rows = Math.max(1, Math.min(1000, Math.floor(FITTED / scorer.items)));
  return fitBehavior(scorer, sampled(validation, rows, seed), { rows, batch: Math.min(rows, 256), ruledOut });
}

/** Some rows of a set, drawn at random and in their order. */
function sampled(set: Transitions, most: number, seed: number): Transitions {
  if (set.count <= most) return set;
  const order = permutation(fold(key(seed), 'off-policy sample'), set.count);
  const rows = Int32Array.from(order.subarray(0, most)).sort();
  const event = Int32Array.from(rows, (row) => set.event[row]!);
  const sequence = Int32Array.from(rows, (row) => set.sequence[row]!);
  const done = Uint8Array.from(sequence, (user, i) => (user === sequence[i + 1] ? 0 : 1));
  return { sequences: set.sequences, count: most, event, sequence, done };
}

/** Whether rewards of test events differ. If they do not, every policy is worth the same. */
export function rewardsDiffer({ test }: Context['split'], rewards: Context['rewards']): boolean {
  return new Set(Array.from(test.event, rewardReader('rewards', test.sequences, rewards))).size > 1;
}
