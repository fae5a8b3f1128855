import {
  type ArgumentCheck,
  argumentCheck,
  custom,
  type Given,
  isObject,
  LeaError,
  mean,
  type OptionsSchema,
  option,
  parseOptions,
  text,
} from '@lea/core';
import type { Evaluation } from '../evaluate.ts';
import { gains, parseMetric } from '../metrics.ts';
import { checkFinite, checkUserValues } from './check-values.ts';
import { studentReach, studentTails } from './distributions.ts';

/** Options of {@link compare} and {@link interval}. */
export interface IntervalOptions {
  /** Name of a metric as in `Evaluation.metrics`, with any k. Default: `ndcg@10`. */
  readonly metric: string;
  /** Confidence level of the interval. Default: 0.95. */
  readonly confidence: number;
}

/** A mean over events with its standard error, clustered by user. Errors are NaN with fewer than two users. */
export interface Estimate {
  /** Mean over events. */
  readonly value: number;
  /** User-clustered standard error of the mean. */
  readonly standardError: number;
  /** Lower and upper bound of the confidence interval. */
  readonly interval: readonly [number, number];
  /** Number of events. */
  readonly events: number;
  /** Number of users (clusters). */
  readonly users: number;
}

/** The paired difference of two runs on the same events. */
export interface Comparison extends Omit<Estimate, 'value'> {
  /** Mean over events of the first minus the second run. */
  readonly difference: number;
  /** The difference divided by the mean of the second run; NaN if that is 0. */
  readonly relative: number;
  /** Two-sided p-value of no difference, by the same distribution as the interval; NaN with fewer than two users. */
  readonly p: number;
}

/** Refuses what are no evaluations. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkEvaluations: ArgumentCheck = argumentCheck(
  'an evaluation, or an array of evaluations',
  (value) =>
    [value].flat().length > 0 && [value].flat().every((run) => isObject(run) && 'ranks' in run && 'user' in run),
  'Pass the results of await evaluate(...).',
);

/** Defaults and checks of {@link IntervalOptions}. `clusteredMean` checks the confidence. */
export const intervalSchema: OptionsSchema<IntervalOptions> = {
  metric: option(text, 'ndcg@10'),
  confidence: option(
    custom<number>(() => true, ''),
    0.95,
  ),
};

/**
 * Mean paired difference `a - b` of a metric over events, with a user-clustered standard error and a confidence
 * interval by Student's t with users - 1 degrees of freedom. The interval covers the random choice of held-out users, not the randomness of training. To reduce the latter,
 * pass several runs with different seeds; their means per event are compared.
 *
 * @throws LeaError `E_EVENTS_DIFFER` if the runs were not evaluated on the same events with the same protocol,
 *   `E_METRIC_UNKNOWN`, `E_CONFIDENCE`, `E_OPTION_UNKNOWN`
 */
export function compare(
  a: Evaluation | readonly Evaluation[],
  b: Evaluation | readonly Evaluation[],
  options?: Given<IntervalOptions>,
): Comparison {
  checkEvaluations('compare', { a, b });
  const { metric, confidence } = parseOptions('compare', intervalSchema, options);
  const { differences, user, base } = pairedDifferences(a, b, metric);
  return comparisonOf(differences, user, base, confidence);
}

/** The comparison of paired differences; `base` is the mean of the second run. @throws LeaError `E_CONFIDENCE` */
export function comparisonOf(
  differences: Float64Array,
  user: Int32Array,
  base: number,
  confidence: number,
): Comparison {
  const { value, ...rest } = clusteredMean(differences, user, confidence);
  const p = value === 0 && rest.standardError === 0 ? 1 : studentTails(value / rest.standardError, rest.users - 1);
  return { difference: value, relative: base === 0 ? Number.NaN : value / base, p, ...rest };
}

/**
 * The differences of two runs on each event that a metric covers, the users of these events, and the mean of the second run. Of
 * several runs with different seeds, the mean of each event is taken.
 *
 * @throws LeaError `E_EVENTS_DIFFER`, `E_METRIC_UNKNOWN`
 */
export function pairedDifferences(
  a: Evaluation | readonly Evaluation[],
  b: Evaluation | readonly Evaluation[],
  metric: string,
): { readonly differences: Float64Array; readonly user: Int32Array; readonly base: number } {
  const [ours, theirs] = [[a].flat(), [b].flat()] as [Evaluation[], Evaluation[]];
  for (const other of [...ours, ...theirs]) requireSameEvents(ours[0]!, other);
  const [first, second] = [meansOf(ours, metric), meansOf(theirs, metric)];
  const differences = first.map((value, i) => value - second[i]!);
  return { differences, user: select(ours[0]!, metric).user, base: mean(second) };
}

/**
 * Mean of a metric, with a user-clustered standard error and a confidence interval by Student's t. For several runs with different
 * seeds, the mean over runs of each event is used.
 *
 * @throws LeaError `E_EVENTS_DIFFER` if the runs were not evaluated on the same events with the same protocol,
 *   `E_METRIC_UNKNOWN`, `E_CONFIDENCE`, `E_OPTION_UNKNOWN`
 */
export function interval(evaluation: Evaluation | readonly Evaluation[], options?: Given<IntervalOptions>): Estimate {
  checkEvaluations('interval', { evaluation });
  const { metric, confidence } = parseOptions('interval', intervalSchema, options);
  const runs = [evaluation].flat() as Evaluation[];
  for (const other of runs) requireSameEvents(runs[0]!, other);
  return clusteredMean(meansOf(runs, metric), select(runs[0]!, metric).user, confidence);
}

/** The mean over runs of the metric, for each event that the metric covers. */
function meansOf(runs: readonly Evaluation[], metric: string): Float64Array {
  const all = runs.map((run) => select(run, metric).values);
  return all[0]!.map((_, i) => all.reduce((sum, values) => sum + values[i]!, 0) / all.length);
}

/** The metric of each event that it covers, and the users of these events. @throws LeaError `E_ARGUMENT_TYPE` for a gain of NaN */
export function select(evaluation: Evaluation, name: string): { values: Float64Array; user: Int32Array } {
  const metric = parseMetric(name, evaluation.kinds);
  const wanted = metric.kind === undefined ? undefined : evaluation.kinds.indexOf(metric.kind);
  const member = (_: number, event: number): boolean => wanted === undefined || evaluation.kind[event] === wanted;
  const values = gains(evaluation.ranks.filter(member), metric);
  checkFinite(`the metric ${name}`, { gains: values }, 'Its gain must be a number for every rank: see defineMeasure.');
  return { values, user: evaluation.user.filter(member) };
}

/**
 * Mean of `values` and its cluster-robust (sandwich) standard error: with r_u the sum of the residuals of user u, n events and
 * G users, variance = G / (G - 1) * sum_u r_u^2 / n^2 (Liang and Zeger 1986, with the usual small-sample factor). The interval is
 * that of Student's t with G - 1 degrees of freedom: with few users a normal one is far too narrow (Cameron and Miller 2015). For a
 * paired comparison pass the differences of two runs.
 *
 * @param user [events] the user of each value
 * @param confidence confidence level of the interval; default: 0.95
 * @throws LeaError `E_ARGUMENT_TYPE` (a value is not finite), `E_LENGTHS_DIFFER`, `E_CONFIDENCE`
 */
export function clusteredMean(values: Float64Array, user: Int32Array, confidence = 0.95): Estimate {
  checkUserValues('clusteredMean', values, user);
  checkConfidence(confidence);
  const value = mean(values);
  const residuals = new Map<number, number>();
  for (const [i, u] of user.entries()) residuals.set(u, (residuals.get(u) ?? 0) + values[i]! - value);
  const users = residuals.size;
  let squares = 0;
  for (const residual of residuals.values()) squares += residual ** 2;
  const standardError = users < 2 ? Number.NaN : Math.sqrt((users / (users - 1)) * squares) / values.length;
  const reach = users < 2 ? Number.NaN : studentReach(1 - confidence, users - 1) * standardError;
  return { value, standardError, interval: [value - reach, value + reach], events: values.length, users };
}

/** @throws LeaError `E_CONFIDENCE` */
export function checkConfidence(confidence: unknown): void {
  if (typeof confidence === 'number' && confidence > 0 && confidence < 1) return;
  throw new LeaError('E_CONFIDENCE', 'confidence must be between 0 and 1.', { value: confidence });
}

/** @throws LeaError `E_EVENTS_DIFFER` */
export function requireSameEvents(a: Evaluation, b: Evaluation): void {
  const same = (x: ArrayLike<number>, y: ArrayLike<number>): boolean =>
    x.length === y.length && Array.prototype.every.call(x, (value, i) => value === y[i]);
  const what =
    (a.events !== b.events && 'numbers of events') ||
    (!same(a.user, b.user) && 'users') ||
    (!same(a.target, b.target) && 'chosen items') ||
    (!same(a.kind, b.kind) && 'kinds of events') ||
    (a.protocol.exclude !== b.protocol.exclude && 'excluded items');
  if (!what) return;
  throw new LeaError('E_EVENTS_DIFFER', `${a.name} and ${b.name} cannot be compared because their ${what} differ.`, {
    value: [a.protocol, b.protocol],
    hint: 'Evaluate both on the same transitions with the same options.',
  });
}
