import { type Given, LeaError, parseOptions, type Task, task } from '@lea/core';
import type { EvaluationEvent } from '../events.ts';
import { type BanditEstimator, banditColumns } from './columns.ts';
import { type OffPolicyValueOptions, offPolicyValueSchema } from './estimate-options.ts';
import { type Call, differenceBy, type OffPolicyDifference, type OffPolicyEstimate, valueBy } from './estimates.ts';
import { type BanditFeedback, checkFeedback, isTrajectories } from './feedback.ts';
import type { ActionPolicy } from './policy.ts';
import { checkEvaluated, type PolicyTerms } from './policy-terms.ts';
import { checkCategories } from './support.ts';

/**
 * The expected reward per round of a policy, estimated from the log of another one. With w = pi(a|x) / propensity, rewards r, a
 * reward model q, and q(x, pi) = sum over a of pi(a|x) q(x, a), the mean over rounds of
 *
 * | estimator   | mean of                                             | source                                       |
 * | ----------- | --------------------------------------------------- | -------------------------------------------- |
 * | `ips`       | w r                                                 | Horvitz and Thompson 1952; Strehl et al. 2010 |
 * | `snips`     | w r / mean(w)                                       | Swaminathan and Joachims 2015                |
 * | `cips`      | min(w, clip) r                                      | Ionides 2008; Strehl et al. 2010             |
 * | `dm`        | q(x, pi)                                            | Beygelzimer and Langford 2009                |
 * | `dr`        | q(x, pi) + w (r - q(x, a))                          | Dudik et al. 2014, equation 6                |
 * | `sndr`      | q(x, pi) + w (r - q(x, a)) / mean(w)                | Thomas and Brunskill 2016                    |
 * | `switch-dr` | q(x, pi) + [w <= clip] w (r - q(x, a))              | Wang, Agarwal and Dudik 2017                 |
 * | `mips`      | w(c) r, w(c) = pi(c of a given x) / b(c of a given x) | Saito and Joachims 2022, equation 6        |
 * | `snmips`    | w(c) r / mean(w(c))                                 | the same, self-normalized                    |
 *
 * The marginal weight sums the probabilities of all actions of the category c of the logged action, by the evaluated and by the
 * behavior policy. It is exact for categories that follow from the action; none is estimated by a classifier. `mips` is unbiased
 * if actions of a category have the same expected reward.
 *
 * @param policy a policy, or its `policyTerms`, which need neither `model` nor `behavior`
 * @throws LeaError `E_OFF_POLICY_SUPPORT` (the log cannot answer; `value` is the {@link Support}), `E_FEEDBACK`,
 *   `E_PROBABILITIES`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (also if an option is missing that the estimator needs),
 *   `E_SCORE_SHAPE`, `E_SCORE_NAN` (a scorer or a model returned other values)
 */
export function offPolicyValue(
  feedback: BanditFeedback,
  policy: ActionPolicy | PolicyTerms,
  options?: Given<OffPolicyValueOptions>,
): Task<OffPolicyEstimate<BanditEstimator>, EvaluationEvent<'off-policy'>> {
  return task(async function* () {
    const call = checked('offPolicyValue', feedback, options);
    checkEvaluated('offPolicyValue', { policy });
    return yield* valueBy(call, policy);
  });
}

/**
 * The value of policy `a` minus that of policy `b`, by the same log: the estimates of {@link offPolicyValue} for both, and an
 * interval of the difference. Both policies see the same resamples (or the values of each round are subtracted), so what they
 * have in common cancels. The interval is usually narrower than those of the two values suggest.
 *
 * @throws LeaError the errors of {@link offPolicyValue}; the log must have support for both policies
 */
export function offPolicyDifference(
  feedback: BanditFeedback,
  a: ActionPolicy | PolicyTerms,
  b: ActionPolicy | PolicyTerms,
  options?: Given<OffPolicyValueOptions>,
): Task<OffPolicyDifference<BanditEstimator>, EvaluationEvent<'off-policy'>> {
  return task(async function* () {
    const call = checked('offPolicyDifference', feedback, options);
    checkEvaluated('offPolicyDifference', { a, b });
    return yield* differenceBy(call, a, b);
  });
}

function checked(
  where: string,
  feedback: BanditFeedback,
  options: Given<OffPolicyValueOptions> | undefined,
): Call<BanditEstimator> {
  checkFeedback(where, feedback);
  const { estimator, clip, categories, ...rest } = parseOptions(where, offPolicyValueSchema, options);
  if (isTrajectories(feedback)) {
    throw new LeaError('E_FEEDBACK', `${where}: the log has trajectories.`, {
      value: feedback.offsets.length - 1,
      hint: 'Use sequenceValue or sequenceDifference. For single rounds, leave out offsets and discount.',
    });
  }
  const marginal = estimator === 'mips' || estimator === 'snmips';
  if (marginal && !categories) {
    throw new LeaError('E_OPTION_VALUE', `${where}: ${estimator} needs the option categories.`, {
      value: categories,
      hint: 'Make them with embeddingClusters(vectors), for example of item texts.',
    });
  }
  if (marginal) checkCategories(where, feedback, { ...rest, categories });
  return {
    where,
    feedback,
    estimator,
    options: rest,
    categories: marginal ? categories : undefined,
    clip,
    columns: (terms) => banditColumns(estimator, feedback, terms, clip),
  };
}
