import {
  type ArgumentCheck,
  argumentCheck,
  type Given,
  isObject,
  LeaError,
  type OptionsSchema,
  parseOptions,
  type Task,
  task,
} from '@lea/core';
import type { EvaluationEvent } from '../events.ts';
import { estimateSchema } from './estimate-options.ts';
import { type BanditFeedback, checkFeedback } from './feedback.ts';
import { type ActionPolicy, checkPolicies } from './policy.ts';
import type { ActionValues } from './reward-model.ts';
import { checkCategories, supportSchema } from './support.ts';
import { type RoundTerms, roundTerms } from './terms.ts';

/** Everything that estimates read about one policy, which takes its place in `offPolicyValue` and the like. */
export interface PolicyTerms extends RoundTerms {
  /** Name of the policy. */
  readonly name: string;
}

/** Options of {@link policyTerms}. */
export interface PolicyTermsOptions {
  /** The reward model of `dm` and the doubly robust estimators. Default: none, these have no terms then. */
  readonly model: ActionValues | undefined;
  /** The behavior policy with all its probabilities, for `unsupported` and marginal weights. Default: none. */
  readonly behavior: ActionPolicy | undefined;
  /** [actions] category of each action, for `mips` and `snmips`. Default: none, these have no terms then. */
  readonly categories: ArrayLike<number> | undefined;
  /** Number of rounds per call of the policies. More are faster, but need memory for batch * actions numbers. Default: 256. */
  readonly batch: number;
  /** Aborts between two batches; the task rejects with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Defaults and checks of {@link PolicyTermsOptions}. */
export const policyTermsSchema: OptionsSchema<PolicyTermsOptions> = {
  model: estimateSchema.model as OptionsSchema<PolicyTermsOptions>['model'],
  behavior: supportSchema.behavior,
  categories: supportSchema.categories,
  batch: supportSchema.batch,
  signal: supportSchema.signal,
};

/**
 * Asks a policy once for all its probabilities, and keeps a few numbers per round. Several estimates, differences to other
 * policies and the support can be computed from them, now or later. Memory is O(batch * actions + rounds).
 *
 * @throws LeaError `E_FEEDBACK`, `E_PROBABILITIES`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export function policyTerms(
  feedback: BanditFeedback,
  policy: ActionPolicy,
  options?: Given<PolicyTermsOptions>,
): Task<PolicyTerms, EvaluationEvent<'off-policy'>> {
  return task(async function* () {
    checkFeedback('policyTerms', feedback);
    checkPolicies('policyTerms', { policy });
    const o = parseOptions('policyTerms', policyTermsSchema, options);
    checkCategories('policyTerms', feedback, o);
    return { name: policy.name, ...(yield* roundTerms('policyTerms', feedback, policy, o)) };
  });
}

/** Whether these are terms in the place of their policy. */
export function isTerms(value: unknown): value is PolicyTerms {
  return isObject(value) && value.weight instanceof Float64Array;
}

/** Refuses what is neither a policy nor the terms of one. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkEvaluated: ArgumentCheck = argumentCheck(
  'a policy with name, actions and probabilities, or its terms',
  (value) =>
    isTerms(value) ||
    (isObject(value) && typeof value.actions === 'number' && typeof value.probabilities === 'function'),
  'Make a policy, for example with softmaxPolicy(scorer), or its terms with policyTerms.',
);

/** @throws LeaError `E_FEEDBACK` (terms of another log), `E_OPTION_VALUE` (terms that lack what the estimator reads) */
export function checkTerms(
  where: string,
  { action }: BanditFeedback,
  terms: PolicyTerms,
  reads: { readonly estimator: string; readonly model: boolean; readonly marginal: boolean },
): void {
  if (terms.weight.length !== action.length) {
    throw new LeaError('E_FEEDBACK', `${where}: the terms of ${terms.name} are of another log.`, {
      value: terms.weight.length,
      hint: `The log has ${action.length} rounds.`,
    });
  }
  const lacking = (reads.model && !terms.direct && 'model') || (reads.marginal && !terms.marginal && 'categories');
  if (!lacking) return;
  throw new LeaError('E_OPTION_VALUE', `${where}: ${reads.estimator} needs terms with the option ${lacking}.`, {
    value: terms.name,
    hint: `Pass ${lacking} to policyTerms.`,
  });
}
