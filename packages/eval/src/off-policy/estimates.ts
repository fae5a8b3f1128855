import { LeaError } from '@lea/core';
import type { EvaluationEvent } from '../events.ts';
import { empiricalBernstein, rangeOf } from './bernstein.ts';
import { bootstrap } from './bootstrap.ts';
import { type BanditEstimator, type Column, isComputable, totalOf } from './columns.ts';
import type { EstimateOptions } from './estimate-options.ts';
import { type BanditFeedback, clustersOf, isTrajectories } from './feedback.ts';
import type { ActionPolicy } from './policy.ts';
import { checkTerms, isTerms, type PolicyTerms } from './policy-terms.ts';
import type { ActionValues } from './reward-model.ts';
import { longest, type SequenceEstimator } from './sequence-columns.ts';
import { type Support, supportOf, unsupportedError } from './support.ts';
import { type RoundTerms, roundTerms } from './terms.ts';

/** What a policy is worth by a log of another one. */
export interface OffPolicyEstimate<E = BanditEstimator | SequenceEstimator> {
  /** Name of the evaluated policy. */
  readonly policy: string;
  /** The estimator. */
  readonly estimator: E;
  /** Expected reward per round, or expected discounted return per trajectory. */
  readonly value: number;
  /** Lower and upper bound of the confidence interval. NaN with fewer than two clusters. */
  readonly interval: readonly [number, number];
  /** Confidence level and kind of the interval. */
  readonly confidence: number;
  /** How the interval was computed. */
  readonly intervalBy: EstimateOptions['interval'];
  /** How much the log says about the policy; report it with the value. */
  readonly support: Support;
}

/** How much more one policy is worth than another one by the same log. */
export interface OffPolicyDifference<E = BanditEstimator | SequenceEstimator> {
  /** Names of the policies. */
  readonly policies: readonly [string, string];
  /** The estimator. */
  readonly estimator: E;
  /** Value of the first minus value of the second policy. */
  readonly difference: number;
  /** Lower and upper bound of the confidence interval of the difference. */
  readonly interval: readonly [number, number];
  /** The value of each policy. */
  readonly values: readonly [number, number];
  /** Confidence level of the interval. */
  readonly confidence: number;
  /** How the interval was computed. */
  readonly intervalBy: EstimateOptions['interval'];
  /** How much the log says about each policy. */
  readonly support: readonly [Support, Support];
}

/** A checked call. */
export interface Call<E extends BanditEstimator | SequenceEstimator> {
  readonly where: string;
  readonly feedback: BanditFeedback;
  readonly estimator: E;
  readonly options: EstimateOptions;
  /** Weights of categories instead of actions. */
  readonly categories: ArrayLike<number> | undefined;
  readonly clip: number;
  readonly columns: (terms: RoundTerms) => readonly Column[];
}

/** The terms of a policy, the support by them, and its columns. */
interface Estimated {
  readonly support: Support;
  readonly columns: readonly Column[];
}

/** Estimators that read the option model. */
export const needsModel: ReadonlySet<string> = new Set(['dm', 'dr', 'sndr', 'switch-dr']);

/** The value of one policy. */
export async function* valueBy<E extends BanditEstimator | SequenceEstimator>(
  call: Call<E>,
  policy: ActionPolicy | PolicyTerms,
): AsyncGenerator<EvaluationEvent<'off-policy'>, OffPolicyEstimate<E>> {
  const { where, estimator, options } = call;
  const { model, confidence, interval } = options;
  if (isPair(model)) {
    throw new LeaError('E_OPTION_VALUE', `${where}: a pair of models is for the difference of two policies.`, {
      value: model.map(({ name }) => name),
    });
  }
  const { support, columns } = yield* estimated(call, policy, model);
  return {
    policy: policy.name,
    estimator,
    value: totalOf(columns),
    interval: intervalOf(call, [{ columns, sign: 1 }]),
    confidence,
    intervalBy: interval,
    support,
  };
}

/** The value of the first minus that of the second policy. */
export async function* differenceBy<E extends BanditEstimator | SequenceEstimator>(
  call: Call<E>,
  a: ActionPolicy | PolicyTerms,
  b: ActionPolicy | PolicyTerms,
): AsyncGenerator<EvaluationEvent<'off-policy'>, OffPolicyDifference<E>> {
  const { estimator, options } = call;
  const { model, confidence, interval } = options;
  const [ofA, ofB] = isPair(model) ? model : [model, model];
  const first = yield* estimated(call, a, ofA);
  const second = yield* estimated(call, b, ofB);
  const values = [totalOf(first.columns), totalOf(second.columns)] as const;
  return {
    policies: [a.name, b.name],
    estimator,
    difference: values[0] - values[1],
    interval: intervalOf(call, [
      { columns: first.columns, sign: 1 },
      { columns: second.columns, sign: -1 },
    ]),
    values,
    confidence,
    intervalBy: interval,
    support: [first.support, second.support],
  };
}

async function* estimated<E extends BanditEstimator | SequenceEstimator>(
  call: Call<E>,
  policy: ActionPolicy | PolicyTerms,
  model: ActionValues | undefined,
): AsyncGenerator<EvaluationEvent<'off-policy'>, Estimated> {
  const { where, feedback, estimator, options, categories } = call;
  const wanted = needsModel.has(estimator);
  const marginal = categories !== undefined;
  if (isTerms(policy)) checkTerms(where, feedback, policy, { estimator, model: wanted, marginal });
  else if (wanted && !model) {
    throw new LeaError('E_OPTION_VALUE', `${where}: ${estimator} needs the option model.`, {
      value: model,
      hint: isTrajectories(feedback) ? 'Make one with fittedQ.' : 'Make one with fitRewards.',
    });
  }
  const used = wanted ? model : undefined;
  const terms = isTerms(policy)
    ? policy
    : yield* roundTerms(where, feedback, policy, { ...options, categories, model: used });
  const columns = call.columns(terms);
  const described = supportOf(feedback, policy.name, terms, marginal, options);
  const support = isComputable(columns) ? described : withReason(described, NOT_COMPUTABLE);
  if (!support.answerable && options.unsupported === 'refuse') throw unsupportedError(where, estimator, support);
  if (options.interval === 'bernstein') checkBounds(call, terms, support);
  return { support, columns };
}

const NOT_COMPUTABLE =
  'what the estimator adds up is no finite number: weights or rewards are too large, or all weights are 0';

function withReason(support: Support, reason: string): Support {
  return { ...support, answerable: false, reasons: [...support.reasons, reason] };
}

function intervalOf<E extends BanditEstimator | SequenceEstimator>(
  { where, feedback, estimator, options, clip }: Call<E>,
  parts: readonly { readonly columns: readonly Column[]; readonly sign: number }[],
): [number, number] {
  const clusters = clustersOf(feedback);
  if (options.interval === 'bootstrap') return bootstrap(parts, clusters, options);
  const { bounds, confidence } = options;
  const times = isTrajectories(feedback) ? discounts(feedback.discount, longest(feedback)) : undefined;
  const range = parts.length * rangeOf(where, estimator, bounds!, clip, times);
  const values = parts[0]!.columns[0]!.numerator.map((_, i) =>
    parts.reduce((sum, { columns, sign }) => sum + sign * columns[0]!.numerator[i]!, 0),
  );
  return empiricalBernstein(values, range, confidence);
}

/** Refuses what would make the empirical Bernstein interval untrue. @throws LeaError `E_OPTION_VALUE` */
function checkBounds<E extends BanditEstimator | SequenceEstimator>(
  { where, feedback, options, estimator, clip }: Call<E>,
  { direct, predicted }: RoundTerms,
  { units, clusters, largestWeights }: Support,
): void {
  const refuse = (what: string, value: unknown, hint: string): never => {
    throw new LeaError('E_OPTION_VALUE', `${where}: ${what}.`, { value, hint });
  };
  const { bounds } = options;
  if (!bounds) {
    refuse("interval 'bernstein' needs the option bounds", bounds, 'For example { weight: 100, reward: [0, 1] }.');
  }
  rangeOf(where, estimator, bounds!, clip, isTrajectories(feedback) ? 1 : undefined);
  const [low, high] = bounds!.reward;
  const independent = "The interval holds for independent rounds. Use interval: 'bootstrap', which resamples clusters.";
  if (clusters < units) refuse(`${units} rounds are in ${clusters} clusters`, clusters, independent);
  if (!(largestWeights[0]! <= bounds!.weight)) {
    refuse('bounds.weight is below a logged weight', bounds!.weight, `The largest is ${largestWeights[0]}.`);
  }
  for (const values of [feedback.reward, direct, predicted]) {
    for (let i = 0; i < (values?.length ?? 0); i++) {
      if (values![i]! >= low && values![i]! <= high) continue;
      refuse(`bounds.reward must contain all rewards and values of the model`, bounds!.reward, `One is ${values![i]}.`);
    }
  }
}

function isPair(model: EstimateOptions['model']): model is readonly [ActionValues, ActionValues] {
  return Array.isArray(model);
}

/** 1 + discount + discount² + ..., `steps` terms. */
function discounts(discount: number, steps: number): number {
  let total = 0;
  for (let t = 0; t < steps; t++) total += discount ** t;
  return total;
}
