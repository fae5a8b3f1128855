import { LeaError } from '@lea/core';
import { inBatches } from '../batches.ts';
import type { EvaluationEvent } from '../events.ts';
import type { BanditFeedback } from './feedback.ts';
import { type ActionPolicy, probabilitiesOf } from './policy.ts';
import type { ActionValues } from './reward-model.ts';

/** What estimators need to know of each round about one evaluated policy. All arrays have one entry per round. */
export interface RoundTerms {
  /** pi(a|x) / propensity of the logged action a */
  readonly weight: Float64Array;
  /** Probability that the policy takes an action that the log never has. */
  readonly unlogged: Float64Array;
  /** Probability that it takes an action (with categories: a category) with behavior probability 0; absent without a behavior. */
  readonly unsupported?: Float64Array;
  /** pi(category of a|x) / b(category of a|x); absent without categories */
  readonly marginal?: Float64Array;
  /** sum over actions of pi(a|x) q(x, a); absent without a model */
  readonly direct?: Float64Array;
  /** q(x, a) of the logged action; absent without a model */
  readonly predicted?: Float64Array;
}

/** What is computed besides the weights. */
export interface TermsOptions {
  readonly model: ActionValues | undefined;
  readonly behavior: ActionPolicy | undefined;
  readonly categories: ArrayLike<number> | undefined;
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
}

/** Asks the policies and the model once for every round, in batches: memory is O(batch * actions + rounds). */
export async function* roundTerms(
  where: string,
  feedback: BanditFeedback,
  policy: ActionPolicy,
  { model, behavior, categories, batch, signal }: TermsOptions,
): AsyncGenerator<EvaluationEvent<'off-policy'>, RoundTerms> {
  const { actions, action, propensity } = feedback;
  for (const { name, actions: own } of [policy, ...(behavior ? [behavior] : [])]) {
    if (own === actions) continue;
    throw new LeaError('E_PROBABILITIES', `${where}: ${name} has another number of actions than the log.`, {
      value: own,
      hint: `The log has ${actions}.`,
    });
  }
  const count = action.length;
  const logged = new Uint8Array(actions);
  for (let i = 0; i < count; i++) logged[action[i]!] = 1;
  const column = (present: unknown) => (present ? new Float64Array(count) : undefined);
  const weight = new Float64Array(count);
  const unlogged = new Float64Array(count);
  const [unsupported, marginal] = [column(behavior), column(behavior && categories)];
  const [direct, predicted] = [column(model), column(model)];
  // Without categories every action is its own.
  const category = (a: number): number => (categories ? categories[a]! : a);
  const kinds = 1 + Array.from({ length: actions }, (_, a) => category(a)).reduce((most, c) => Math.max(most, c), 0);
  const [ofPolicy, ofBehavior] = [new Float64Array(kinds), new Float64Array(kinds)];
  yield* inBatches({ stage: 'off-policy', unit: 'rounds' }, { count, batch, signal }, async (rounds) => {
    const evaluated = await probabilitiesOf(policy, feedback, rounds);
    const logging = behavior && (await probabilitiesOf(behavior, feedback, rounds));
    const values = model && (await valuesOf(model, feedback, rounds));
    for (const [i, round] of rounds.entries()) {
      const at = i * actions;
      const own = action[round]!;
      weight[round] = evaluated[at + own]! / propensity[round]!;
      for (let a = 0; a < actions; a++) {
        const p = evaluated[at + a]!;
        if (!logged[a]) unlogged[round]! += p;
        if (values) direct![round]! += p * values[at + a]!;
      }
      if (logging) {
        ofPolicy.fill(0);
        ofBehavior.fill(0);
        for (let a = 0; a < actions; a++) {
          ofPolicy[category(a)]! += evaluated[at + a]!;
          ofBehavior[category(a)]! += logging[at + a]!;
        }
        for (let c = 0; c < kinds; c++) if (ofBehavior[c] === 0) unsupported![round]! += ofPolicy[c]!;
      }
      if (values) predicted![round] = values[at + own]!;
      if (marginal) marginal[round] = ofPolicy[category(own)]! / positive(where, ofBehavior[category(own)]!, round);
    }
  });
  return {
    weight,
    unlogged,
    ...(unsupported && { unsupported }),
    ...(marginal && { marginal }),
    ...(direct && { direct }),
    ...(predicted && { predicted }),
  };
}

function positive(where: string, probability: number, round: number): number {
  if (probability > 0) return probability;
  throw new LeaError(
    'E_PROBABILITIES',
    `${where}: the behavior policy gives the action of round ${round} probability 0.`,
    {
      value: probability,
      hint: 'It took this action: smooth its counts.',
    },
  );
}

/** @throws LeaError `E_SCORE_SHAPE`, `E_SCORE_NAN` */
export async function valuesOf(
  model: ActionValues,
  feedback: BanditFeedback,
  rounds: Int32Array,
): Promise<ArrayLike<number>> {
  const values = await model.values(feedback, rounds);
  const wanted = rounds.length * feedback.actions;
  if (values?.length !== wanted) {
    throw new LeaError('E_SCORE_SHAPE', `${model.name} returned the wrong number of values.`, {
      value: values?.length,
      hint: `It must return ${rounds.length} rows of ${feedback.actions} values.`,
    });
  }
  for (let i = 0; i < wanted; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new LeaError('E_SCORE_NAN', `${model.name} returned a value that is not finite.`, { value: values[i] });
  }
  return values;
}
