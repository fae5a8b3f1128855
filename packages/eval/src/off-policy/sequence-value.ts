import { type Given, LeaError, parseOptions, type Task, task } from '@lea/core';
import type { EvaluationEvent } from '../events.ts';
import { type SequenceValueOptions, sequenceValueSchema } from './estimate-options.ts';
import {
  type Call,
  differenceBy,
  needsModel,
  type OffPolicyDifference,
  type OffPolicyEstimate,
  valueBy,
} from './estimates.ts';
import { checkTrajectories, type Trajectories } from './feedback.ts';
import { type ActionPolicy, checkPolicies } from './policy.ts';
import { type SequenceEstimator, sequenceColumns } from './sequence-columns.ts';

/**
 * The expected discounted return of a policy, estimated from the trajectories of another one. With w_t the product of
 * pi(a|s) / propensity up to step t (w_-1 = 1, w_T at the last step), rewards r_t, discount g, a fitted Q with
 * V(s) = sum over a of pi(a|s) Q(s, a), the mean over trajectories of
 *
 * | estimator | mean of                                                          | source                            |
 * | --------- | ---------------------------------------------------------------- | --------------------------------- |
 * | `tis`     | w_T sum_t g^t r_t                                                | Precup, Sutton and Singh 2000     |
 * | `sntis`   | the same / mean(w_T)                                             | the same, weighted                |
 * | `pdis`    | sum_t g^t w_t r_t                                                | Precup, Sutton and Singh 2000     |
 * | `snpdis`  | sum_t g^t w_t r_t / mean(w_t)                                    | the same, weighted                |
 * | `dm`      | V(s_0)                                                           | Le, Voloshin and Yue 2019         |
 * | `dr`      | sum_t g^t (w_t (r_t - Q(s_t, a_t)) + w_t-1 V(s_t))               | Jiang and Li 2016                 |
 * | `sndr`    | sum_t g^t (w_t / mean(w_t) (r_t - Q) + w_t-1 / mean(w_t-1) V)    | Thomas and Brunskill 2016         |
 *
 * Trajectories may have different lengths: after its end a trajectory has no reward, and it keeps its last weight in the means.
 *
 * @throws LeaError `E_OFF_POLICY_SUPPORT` (the log cannot answer; `value` is the {@link Support}), `E_FEEDBACK`,
 *   `E_PROBABILITIES`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (also if an option is missing that the estimator needs),
 *   `E_SCORE_SHAPE`, `E_SCORE_NAN` (a scorer or a model returned other values)
 */
export function sequenceValue(
  trajectories: Trajectories,
  policy: ActionPolicy,
  options?: Given<SequenceValueOptions>,
): Task<OffPolicyEstimate<SequenceEstimator>, EvaluationEvent<'off-policy'>> {
  return task(async function* () {
    const call = checked('sequenceValue', trajectories, options);
    checkPolicies('sequenceValue', { policy });
    return yield* valueBy(call, policy);
  });
}

/**
 * The value of policy `a` minus that of policy `b`, by the same trajectories, with an interval of the difference: see
 * {@link offPolicyDifference}. A fitted Q belongs to one policy, so pass a pair of models for the estimators that need one.
 *
 * @throws LeaError the errors of {@link sequenceValue}; the log must have support for both policies
 */
export function sequenceDifference(
  trajectories: Trajectories,
  a: ActionPolicy,
  b: ActionPolicy,
  options?: Given<SequenceValueOptions>,
): Task<OffPolicyDifference<SequenceEstimator>, EvaluationEvent<'off-policy'>> {
  return task(async function* () {
    const call = checked('sequenceDifference', trajectories, options);
    checkPolicies('sequenceDifference', { a, b });
    const { estimator, options: given } = call;
    if (needsModel.has(estimator) && given.model && !Array.isArray(given.model)) {
      throw new LeaError('E_OPTION_VALUE', 'sequenceDifference: model must be a pair, one for each policy.', {
        got: 'one model',
        value: estimator,
        hint: 'A fitted Q belongs to one policy.',
      });
    }
    return yield* differenceBy(call, a, b);
  });
}

function checked(
  where: string,
  trajectories: Trajectories,
  options: Given<SequenceValueOptions> | undefined,
): Call<SequenceEstimator> {
  checkTrajectories(where, trajectories);
  const { estimator, ...rest } = parseOptions(where, sequenceValueSchema, options);
  return {
    where,
    feedback: trajectories,
    estimator,
    options: rest,
    categories: undefined,
    clip: Number.POSITIVE_INFINITY,
    columns: (terms) => sequenceColumns(estimator, trajectories, terms),
  };
}
