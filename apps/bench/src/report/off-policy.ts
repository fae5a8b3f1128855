import { LeaError, mean } from '@lea/core';
import { rewardReader } from '@lea/data';
import { type OffPolicyDifference, offPolicyDifference, type PolicyTerms } from '@lea/eval/off-policy';
import { type Estimated, type Value, worthOf } from '../experiment/estimate.ts';
import { rewardsDiffer } from '../experiment/logged.ts';
import type { Outcome } from '../jobs/collect.ts';
import { type Group, groupsOf } from './groups.ts';

/** The off-policy estimate of one row of the tables. */
export interface EstimatedRow {
  readonly name: string;
  readonly kind: Group['kind'];
  /** Absent where the scores make no policy. */
  readonly value?: Value;
  /** SNDR of this policy minus that of the reference; absent where one of both is refused. */
  readonly difference?: OffPolicyDifference;
  /** Why the log cannot answer for it; empty if it can, or if that is not known yet. */
  readonly reasons: readonly string[];
  /** Whether its estimate, or that of one of its seeds, is still to be done. */
  readonly unfinished?: boolean;
}

/** Off-policy estimates for tables, charts and the terminal. */
export interface OffPolicy {
  readonly rows: readonly EstimatedRow[];
  /** What differences are to. */
  readonly reference: string;
  /** Why there is nothing to estimate at all. */
  readonly nothing?: string;
  /** Number of rounds in the log. */
  readonly events: number;
  /** Mean reward of the log. */
  readonly logged: number;
}

/** The name of the log as a reference. */
export const LOG = 'the log';

/** Whether the log answers for a model. */
export function isAnswered({ reasons, unfinished }: EstimatedRow): boolean {
  return reasons.length === 0 && !unfinished;
}

/** The estimates of an experiment; undefined if its config asks for none. */
export async function offPolicyOf({ runs, estimates, context }: Outcome): Promise<OffPolicy | undefined> {
  const { experiment, split, rewards } = context;
  const { offPolicy } = experiment;
  if (!offPolicy) return undefined;
  const reference = offPolicy.reference ?? LOG;
  if (!rewardsDiffer(split, rewards)) {
    const [event] = split.test.event;
    const reward = rewardReader('rewards', split.test.sequences, rewards)(event!);
    const nothing = `Nothing to estimate off-policy: every test event has the reward ${reward}, so every policy has this mean reward.`;
    return { rows: [], reference, nothing, events: 0, logged: reward! };
  }
  const groups = groupsOf(runs).map(({ name, kind, runs: own }) => {
    const found = own.flatMap(({ record }) => estimates.get(record.id) ?? []);
    return { name, kind, policy: together(name, found, own.length) };
  });
  if (groups.every(({ policy }) => policy === undefined)) {
    return { rows: [], reference, nothing: 'No off-policy estimate is finished.', events: 0, logged: Number.NaN };
  }
  const known = groups.flatMap(({ policy }) => policy ?? []).find(isMade);
  const named = groups.find(({ name }) => name === offPolicy.reference)?.policy;
  const other =
    offPolicy.reference === undefined ? known && loggedTerms(known) : named && isMade(named) ? named.terms : undefined;
  const rows = [];
  for (const { name, kind, policy } of groups) rows.push({ name, kind, ...(await estimated(policy, other)) });
  const given = (known?.feedback.reward ?? []) as ArrayLike<number>;
  return { rows, reference, events: given.length, logged: mean(given) };
}

type Made = Exclude<Estimated, { refused: string }>;

function isMade(estimate: Estimated): estimate is Made {
  return estimate.refused === undefined;
}

/**
 * Several seeds as the policy that draws one of them in every round: its probabilities, and so its terms, are the means;
 * undefined while one of them is not finished.
 */
function together(name: string, seeds: readonly Estimated[], count: number): Estimated | undefined {
  const refused = seeds.find((estimate) => !isMade(estimate));
  if (refused) return refused;
  if (seeds.length < count) return undefined;
  const all = (seeds as readonly Made[]).map(({ terms }) => terms);
  const means = Object.entries(all[0]!).map(([column, data]) => {
    if (!(data instanceof Float64Array)) return [column, data];
    const of = all.map((terms) => terms[column as 'weight']);
    return [column, data.map((_, i) => of.reduce((sum, values) => sum + values[i]!, 0) / of.length)];
  });
  return { feedback: (seeds[0] as Made).feedback, terms: { ...Object.fromEntries(means), name } };
}

/** The terms of repeating the log: its doubly robust estimate is the mean reward of the log. */
function loggedTerms({ terms }: Made): PolicyTerms {
  const none = terms.weight.map(() => 0);
  const { predicted } = terms;
  return {
    name: LOG,
    weight: none.map(() => 1),
    direct: predicted!,
    predicted: predicted!,
    unlogged: none,
    unsupported: none,
  };
}

async function estimated(
  policy: Estimated | undefined,
  reference: PolicyTerms | undefined,
): Promise<Omit<EstimatedRow, 'name' | 'kind'>> {
  if (!policy) return { reasons: [], unfinished: true };
  if (!isMade(policy)) return { reasons: [policy.refused] };
  const { feedback, terms } = policy;
  const value = await worthOf(feedback, terms);
  const { reasons } = value.sndr.support;
  if (reasons.length > 0 || !reference || reference === terms) return { value, reasons };
  try {
    return { value, reasons, difference: await offPolicyDifference(feedback, terms, reference, { estimator: 'sndr' }) };
  } catch (error) {
    if (error instanceof LeaError && error.code === 'E_OFF_POLICY_SUPPORT') return { value, reasons };
    throw error;
  }
}
