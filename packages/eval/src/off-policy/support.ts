import {
  abortSignal,
  type Check,
  finite,
  type Given,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  reference,
  share,
  type Task,
  task,
  whole,
} from '@lea/core';
import { isItemList } from '@lea/data';
import type { EvaluationEvent } from '../events.ts';
import { clusteredMean } from '../significance/compare.ts';
import { type BanditFeedback, checkFeedback, checkTrajectories, clustersOf, isTrajectories } from './feedback.ts';
import { type ActionPolicy, checkPolicies } from './policy.ts';
import { cumulative } from './sequence-columns.ts';
import { type RoundTerms, roundTerms } from './terms.ts';

/** Options that {@link describeSupport} and all estimates take. */
export interface SupportLimits {
  /**
   * The behavior policy with all its probabilities. With it, `unsupported` is exact; marginal weights need it. Default: none,
   * only the logged propensities are known.
   */
  readonly behavior: ActionPolicy | undefined;
  /** Least effective sample size. Higher: refuses more logs, and intervals of what remains are truer. Default: 100. */
  readonly minEffective: number;
  /** Largest share of the total weight that the largest 1 % of the weights may have. Lower: refuses more. Default: 0.5. */
  readonly maxTopShare: number;
  /** Largest probability that the policy takes actions without support. Lower: refuses more. Default: 0.01. */
  readonly maxUnsupported: number;
  /**
   * How far the mean weight may be from its expectation of 1, if that is also more than four standard errors. Lower: refuses
   * more wrong propensities. Default: 0.1.
   */
  readonly meanTolerance: number;
  /** Number of rounds per call of the policies. More are faster, but need memory for batch * actions numbers. Default: 256. */
  readonly batch: number;
  /** Aborts between two batches; the task rejects with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Options of {@link describeSupport}. */
export interface SupportOptions extends SupportLimits {
  /**
   * [actions] category of each action: the marginal weights of `mips` are then described. Coarser categories have better support.
   * Default: none, the weights of actions.
   */
  readonly categories: ArrayLike<number> | undefined;
}

const policy = reference<ActionPolicy>(
  (given) => typeof (given as ActionPolicy | null)?.probabilities === 'function',
  'must be a policy.',
);

/** Defaults and checks of {@link SupportLimits}. */
export const limitsSchema: OptionsSchema<SupportLimits> = {
  behavior: option(policy, undefined),
  minEffective: option(finite(0), 100),
  maxTopShare: option(share, 0.5),
  maxUnsupported: option(share, 0.01),
  meanTolerance: option(finite(0), 0.1),
  batch: option(whole(1), 256),
  signal: option(abortSignal, undefined),
};

/** Lists with a category per action. */
export const categoriesCheck: Check<ArrayLike<number>> = reference(
  isItemList,
  'must be a list with a category per action.',
  'Make them with embeddingClusters(vectors).',
);

/** Defaults and checks of {@link SupportOptions}. */
export const supportSchema: OptionsSchema<SupportOptions> = {
  ...limitsSchema,
  categories: option(categoriesCheck, undefined),
};

/** Whether a log can answer what a policy is worth. */
export interface Support {
  /** Name of the evaluated policy. */
  readonly policy: string;
  /** What a weight belongs to. */
  readonly unit: 'round' | 'trajectory';
  /** Number of rounds or trajectories. */
  readonly units: number;
  /** Number of clusters: users or sessions. */
  readonly clusters: number;
  /**
   * Mean weight. Its expectation is 1 if the propensities are right and every action of the policy has support. NaN, as all that
   * follows from weights, if one is too large for a number.
   */
  readonly meanWeight: number;
  /** Standard error of the mean weight, clustered. */
  readonly meanWeightError: number;
  /** Effective sample size (sum of weights)² / (sum of squared weights) (Kish 1965): from 0 to the number of units. */
  readonly effectiveSize: number;
  /** The five largest weights, largest first. */
  readonly largestWeights: readonly number[];
  /** Share of the total weight that the largest 1 % of the weights have (at least one weight). */
  readonly topShare: number;
  /** Share of units with weight 0: logged actions that the policy never takes. */
  readonly zeroWeights: number;
  /**
   * Mean probability that the policy takes an action (with categories: one of a category) with behavior probability 0; undefined
   * without a behavior policy.
   */
  readonly unsupported: number | undefined;
  /** Mean probability that the policy takes an action that is nowhere in the log. */
  readonly unlogged: number;
  /** Whether there is no reason against an estimate. */
  readonly answerable: boolean;
  /** Why the log cannot answer; empty if it can. */
  readonly reasons: readonly string[];
}

/**
 * Describes how much a log says about a policy, before anything is estimated. Weights are pi(a|x) / propensity of the logged
 * actions; for trajectories the product of those of all steps; with `categories` the marginal weights. The verdict is returned:
 * asking is no mistake. Estimates throw it instead, because a caller can overlook a field but not an error.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_FEEDBACK` (the log is malformed), `E_PROBABILITIES` (a policy
 *   returned no probabilities), `E_SCORE_SHAPE`, `E_SCORE_NAN` (a scorer returned other scores)
 */
export function describeSupport(
  feedback: BanditFeedback,
  policy: ActionPolicy,
  options?: Given<SupportOptions>,
): Task<Support, EvaluationEvent<'off-policy'>> {
  return task(async function* () {
    (isObjectWithOffsets(feedback) ? checkTrajectories : checkFeedback)('describeSupport', feedback as never);
    checkPolicies('describeSupport', { policy });
    const o = parseOptions('describeSupport', supportSchema, options);
    checkCategories('describeSupport', feedback, o);
    const terms = yield* roundTerms('describeSupport', feedback, policy, { ...o, model: undefined });
    return supportOf(feedback, policy.name, terms, o.categories !== undefined, o);
  });
}

const isObjectWithOffsets = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'offsets' in value;

/** @throws LeaError `E_OPTION_VALUE` */
export function checkCategories(
  where: string,
  feedback: BanditFeedback,
  { behavior, categories }: Pick<SupportOptions, 'behavior' | 'categories'>,
): void {
  if (!categories) return;
  const { actions } = feedback;
  if (isTrajectories(feedback)) {
    throw new LeaError('E_OPTION_VALUE', `${where}: categories are for rounds, not for trajectories.`, {
      value: categories.length,
    });
  }
  if (categories.length !== actions) {
    throw new LeaError(
      'E_OPTION_VALUE',
      `${where}: categories must have one entry for each of the ${actions} actions.`,
      {
        value: categories.length,
      },
    );
  }
  for (let a = 0; a < actions; a++) {
    if (Number.isInteger(categories[a]) && categories[a]! >= 0 && categories[a]! < actions) continue;
    throw new LeaError('E_OPTION_VALUE', `${where}: the category of action ${a} must be in 0..${actions - 1}.`, {
      value: categories[a],
    });
  }
  if (behavior) return;
  throw new LeaError('E_OPTION_VALUE', `${where}: categories need the option behavior.`, {
    value: behavior,
    hint: 'Marginal weights sum the behavior probabilities of all actions of a category.',
  });
}

const NO_MEAN = { value: Number.NaN, standardError: Number.NaN };

/** The support by the terms of a policy. */
export function supportOf(
  feedback: BanditFeedback,
  policy: string,
  terms: RoundTerms,
  marginal: boolean,
  limits: SupportLimits,
): Support {
  const trajectories = isTrajectories(feedback);
  const rounds = marginal ? terms.marginal! : terms.weight;
  const weights = trajectories ? lastOf(cumulative(feedback, rounds), feedback.offsets) : rounds;
  const clusters = clustersOf(feedback);
  const units = weights.length;
  const sorted = weights.toSorted().reverse();
  // Squares of large weights overflow, and those of small ones vanish. A power of two scales without rounding.
  const scale = sorted[0]! > 0 ? 2 ** Math.floor(Math.log2(sorted[0]!)) : 1;
  const scaled = weights.map((w) => w / scale);
  const sum = total(scaled);
  const squares = scaled.reduce((s, w) => s + w * w, 0);
  const finite = Number.isFinite(sorted[0]);
  const { value, standardError } = finite ? clusteredMean(scaled, clusters.of) : NO_MEAN;
  const described: Omit<Support, 'answerable' | 'reasons'> = {
    policy,
    unit: trajectories ? 'trajectory' : 'round',
    units,
    clusters: clusters.count,
    meanWeight: value * scale,
    meanWeightError: standardError * scale,
    effectiveSize: sum === 0 ? 0 : sum ** 2 / squares,
    largestWeights: [...sorted.subarray(0, 5)],
    topShare: sum === 0 ? 0 : total(sorted.subarray(0, Math.ceil(units / 100)).map((w) => w / scale)) / sum,
    zeroWeights: weights.filter((w) => w === 0).length / units,
    unsupported: terms.unsupported && total(terms.unsupported) / terms.unsupported.length,
    unlogged: total(terms.unlogged) / terms.unlogged.length,
  };
  const reasons = reasonsAgainst(described, limits);
  return { ...described, answerable: reasons.length === 0, reasons };
}

/** NaN is not within any limit, so what could not be computed is refused. */
function reasonsAgainst(
  s: Omit<Support, 'answerable' | 'reasons'>,
  { minEffective, maxTopShare, maxUnsupported, meanTolerance }: SupportLimits,
): string[] {
  const largest = s.largestWeights[0]!;
  if (!Number.isFinite(largest)) {
    return [`the largest weight is ${largest}, because it is too large for a number`];
  }
  const reasons: string[] = [];
  const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
  // An unlogged action says little if the behavior policy is known to take it.
  const lacking = s.unsupported ?? s.unlogged;
  if (!(lacking <= maxUnsupported)) {
    const where = s.unsupported === undefined ? 'that the log never has' : 'that the behavior policy never takes';
    reasons.push(
      `the policy puts ${percent(lacking)} of its probability on actions ${where} (at most ${percent(maxUnsupported)} are allowed)`,
    );
  }
  if (!(s.effectiveSize >= minEffective)) {
    reasons.push(
      `the effective sample size of ${s.units} weights is ${s.effectiveSize.toPrecision(3)} (at least ${minEffective} is needed)`,
    );
  }
  if (!(s.topShare <= maxTopShare)) {
    reasons.push(
      `the largest 1 % of the weights have ${percent(s.topShare)} of the total weight (at most ${percent(maxTopShare)} are allowed)`,
    );
  }
  const away = Math.abs(s.meanWeight - 1);
  if (!(away <= meanTolerance || away <= 4 * s.meanWeightError)) {
    reasons.push(
      `the mean weight is ${s.meanWeight.toPrecision(3)}, more than ${meanTolerance} from 1, so propensities are wrong or support is missing`,
    );
  }
  return reasons;
}

/** The refusal of an estimate. */
export function unsupportedError(where: string, estimator: string, support: Support): LeaError {
  return new LeaError(
    'E_OFF_POLICY_SUPPORT',
    `${where}: the log cannot answer what ${support.policy} is worth by ${estimator}: ${support.reasons.join('; ')}.`,
    {
      value: support,
      got: `an effective sample size of ${support.effectiveSize.toPrecision(3)}`,
      hint: "Evaluate a policy closer to the log (epsilonGreedyPolicy, softmaxPolicy), or pass unsupported: 'estimate'.",
    },
  );
}

function lastOf(values: Float64Array, offsets: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: offsets.length - 1 }, (_, i) => values[offsets[i + 1]! - 1]!);
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
