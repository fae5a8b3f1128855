import {
  abortSignal,
  eventLoopTurn,
  type Given,
  type OptionsSchema,
  option,
  parseOptions,
  positive,
  type Task,
  task,
  whole,
} from '@lea/core';
import type { EvaluationEvent } from '../events.ts';
import { checkTrajectories, type Trajectories } from './feedback.ts';
import { type ActionPolicy, checkPolicies, probabilitiesOf } from './policy.ts';
import {
  type ActionValues,
  crossFitted,
  type FitRewardsOptions,
  fitRewardsSchema,
  foldsOf,
  regressionOf,
} from './reward-model.ts';

/** Options of {@link fittedQ}. */
export interface FittedQOptions extends FitRewardsOptions {
  /** Maximum number of iterations: at least the number of steps that matter at the discount. Default: 100. */
  readonly iterations: number;
  /** The iterations end when no target changes by more. Lower: more iterations. Default: 1e-6. */
  readonly tolerance: number;
  /** Number of steps per call of the policy. More are faster, but need memory for batch * actions numbers. Default: 256. */
  readonly batch: number;
  /** Aborts between two batches; the task rejects with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Defaults and checks of {@link FittedQOptions}. */
export const fittedQSchema: OptionsSchema<FittedQOptions> = {
  ...fitRewardsSchema,
  iterations: option(whole(1), 100),
  tolerance: option(positive, 1e-6),
  batch: option(whole(1), 256),
  signal: option(abortSignal, undefined),
};

/**
 * Fitted Q evaluation (Le, Voloshin and Yue, ICML 2019, algorithm 3): the expected discounted return of every action followed by
 * the evaluated policy, by repeated regression on the targets r_t + discount * sum over a of pi(a|s_t+1) Q(s_t+1, a), which are
 * r_t at the last step of a trajectory. The policy is asked for all steps in every iteration. The result belongs to the policy.
 *
 * @throws LeaError `E_FEEDBACK` (malformed, fewer clusters than folds, or no features for `ridge`), `E_PROBABILITIES`,
 *   `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function fittedQ(
  trajectories: Trajectories,
  policy: ActionPolicy,
  options?: Given<FittedQOptions>,
): Task<ActionValues, EvaluationEvent<'fitted-q'>> {
  return task(() => iterate(trajectories, policy, options));
}

async function* iterate(
  trajectories: Trajectories,
  policy: ActionPolicy,
  options?: Given<FittedQOptions>,
): AsyncGenerator<EvaluationEvent<'fitted-q'>, ActionValues> {
  checkTrajectories('fittedQ', trajectories);
  checkPolicies('fittedQ', { policy });
  const o = parseOptions('fittedQ', fittedQSchema, options);
  const { actions, action, reward, discount } = trajectories;
  const folds = foldsOf('fittedQ', trajectories, o);
  const regressions = folds.rounds.map((rounds) => regressionOf('fittedQ', trajectories, rounds, o));
  // Each fold iterates on its own: its targets must not know the rewards of the rounds that it will predict.
  const targets = regressions.map(() => Float64Array.from(reward));
  let predictors = regressions.map((regression, f) => regression.fit(targets[f]!));
  const ends = endings(trajectories);
  const values = new Float64Array(actions);
  for (let iteration = 1; iteration < o.iterations; iteration++) {
    let change = 0;
    for (let start = 1; start < action.length; start += o.batch) {
      o.signal?.throwIfAborted();
      const steps = Int32Array.from({ length: Math.min(o.batch, action.length - start) }, (_, i) => start + i);
      const rows = await probabilitiesOf(policy, trajectories, steps);
      for (const [i, step] of steps.entries()) {
        if (ends[step - 1]) continue;
        for (const [f, predict] of predictors.entries()) {
          predict(trajectories, step, values);
          let next = 0;
          for (let a = 0; a < actions; a++) next += rows[i * actions + a]! * values[a]!;
          const target = reward[step - 1]! + discount * next;
          change = Math.max(change, Math.abs(target - targets[f]![step - 1]!));
          targets[f]![step - 1] = target;
        }
      }
    }
    predictors = regressions.map((regression, f) => regression.fit(targets[f]!));
    yield { stage: 'fitted-q', done: iteration, total: o.iterations, unit: 'iterations' };
    await eventLoopTurn();
    if (change <= o.tolerance) break;
  }
  return crossFitted(`fitted Q of ${policy.name}`, trajectories, folds, predictors);
}

/** [steps] 1 for the last step of a trajectory. */
function endings({ offsets, action }: Trajectories): Uint8Array {
  const last = new Uint8Array(action.length);
  for (let i = 1; i < offsets.length; i++) last[offsets[i]! - 1] = 1;
  return last;
}
