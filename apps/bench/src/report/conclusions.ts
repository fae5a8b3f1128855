import { mean } from '@lea/core';
import { type Comparison, compare } from '@lea/eval';
import { controlsOf } from '../config/load.ts';
import { validationMetric } from '../config/metrics.ts';
import type { RunConfig } from '../config/schema.ts';
import type { RewardAgreement } from '../experiment/agreement.ts';
import type { FinishedRun } from '../experiment/record.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { bestOf, configOf, type Group, groupsOf, servedOf } from './groups.ts';

const METRIC = 'ndcg@10';

/**
 * The findings of a report in plain sentences. They compare the best trained policy with the best baseline, with the same policy
 * without the environment and with the memory alone; then each run with its base and its controls; then the rewards.
 */
export function conclusions(
  runs: readonly FinishedRun[],
  configs: readonly RunConfig[],
  agreements: readonly RewardAgreement[],
): string[] {
  if (runs.length === 0) return ['The experiment has no runs.'];
  const groups = groupsOf(runs);
  const find = (name: string | undefined) => groups.find((group) => group.name === name && group.kind === 'run');
  const controls = new Set(configs.flatMap(controlsOf));
  const served = servedOf(groups, configs);
  const sentences = served ? [servedSentence(served, groups, configs), ...aloneSentences(served, groups)] : [];
  if (!served) sentences.push(winner(groups));
  // The sentence about a control follows that of the run that it controls.
  for (const config of configs.filter(({ name }) => !controls.has(name))) {
    const [run, base] = [find(config.name), find(config.base)];
    if (!run || !base) continue;
    sentences.push(versus(run, base));
    for (const name of controlsOf(config)) {
      const control = find(name);
      if (control) sentences.push(controlled(run, control, base));
    }
  }
  return [
    ...sentences,
    ...[...Map.groupBy(agreements, ({ environment }) => environment).values()].map(agreementSentence),
  ];
}

/** The policy is chosen on validation. The baseline that it is compared with is the best one on test. */
function servedSentence(served: Group, groups: readonly Group[], configs: readonly RunConfig[]): string {
  const baseline = bestOf(
    groups.filter(({ kind, memory }) => kind === 'baseline' && !memory),
    ({ score }) => score,
  );
  const chosen = metricTitle(validationMetric(configs));
  const opening = `The best trained policy by validation ${chosen} is ${served.name}: ${reached(served)}`;
  const against =
    baseline &&
    ` It ${outcome(served, baseline, `the best baseline, ${baseline.name} (${formatMetric(baseline.score)})`)}.`;
  return `${opening}.${against ?? ''}${environmentPart(served, groups, configs)}`;
}

/** The difference between a policy and the same policy without LEA. */
function environmentPart(served: Group, groups: readonly Group[], configs: readonly RunConfig[]): string {
  const guided = ({ environment, network }: RunConfig): boolean =>
    environment !== undefined || configs.some((other) => other.name === network && other.environment !== undefined);
  const named = (name: string | undefined) => configs.find((config) => config.name === name);
  const config = named(served.name);
  // The base of a run may be taught by an environment as well.
  let unguided = config;
  while (unguided && guided(unguided)) unguided = named(unguided.base);
  const controls = new Set(configs.flatMap(controlsOf));
  const heir = configs.find((other) => other.base === served.name && guided(other) && !controls.has(other.name));
  const [withIt, without] = config && guided(config) ? [served.name, unguided?.name] : [heir?.name, served.name];
  const [run, base] = [withIt, without].map((name) => groups.find((group) => group.name === name));
  if (!run || !base) return '';
  const difference = compare(evaluationsOf(run), evaluationsOf(base), { metric: METRIC });
  const verb = ['adds nothing measurable to', 'improves', 'worsens'].at(verdict(difference))!;
  return ` LEA ${verb} ${base.name}: ${run === served ? '' : `the difference of ${run.name} is `}${amount(difference)}.`;
}

function aloneSentences(served: Group, groups: readonly Group[]): string[] {
  const alone = bestOf(
    groups.filter(({ memory }) => memory),
    ({ score }) => score,
  );
  return alone
    ? [`${served.name} ${outcome(served, alone, `${alone.name} alone (${formatMetric(alone.score)})`)}.`]
    : [];
}

function outcome(run: Group, other: Group, called: string): string {
  const difference = compare(evaluationsOf(run), evaluationsOf(other), { metric: METRIC });
  const verb = ['is not measurably different from', 'beats', 'loses to'].at(verdict(difference))!;
  return `${verb} ${called}: ${amount(difference)}`;
}

/** `+.0140 (+28 %, 95 % interval +.0109 to +.0171)`; with a single user there is no interval. */
export function amount({ difference, relative, interval }: Omit<Comparison, 'p'>): string {
  if (!interval.every(Number.isFinite)) return signed(difference);
  const share = Number.isFinite(relative) ? `${signedPercent(relative)}, ` : '';
  return `${signed(difference)} (${share}95 % interval ${signed(interval[0])} to ${signed(interval[1])})`;
}

function winner(groups: readonly Group[]): string {
  const [first, second] = [...groups].sort((a, b) => b.score - a.score);
  const opening = `${first!.name} has the highest ${reached(first!, ', ')}`;
  if (!second) return `${opening}.`;
  const difference = compare(evaluationsOf(first!), evaluationsOf(second), { metric: METRIC });
  const next = `${second.name} (${formatMetric(second.score)})`;
  return verdict(difference) === 0
    ? `${opening}, but its lead over ${next} may be due to chance: ${amount(difference)}.`
    : `${opening}; it beats ${next} by ${amount(difference)}.`;
}

function reached({ runs, score }: Group, between = ' '): string {
  const { events, users } = runs[0]!.evaluation.protocol;
  const seeds = runs.length > 1 ? `, the mean of ${runs.length} seeds` : '';
  const test = `${events.toLocaleString('en')} test events of ${users.toLocaleString('en')} users`;
  return `${metricTitle(METRIC)}${between}${formatMetric(score)} on ${test}${seeds}`;
}

function versus(run: Group, base: Group): string {
  const difference = compare(evaluationsOf(run), evaluationsOf(base), { metric: METRIC });
  const what = ['is not measurably different from', 'beats', 'loses to'].at(verdict(difference))!;
  return `${run.name} ${what} ${base.name}: ${amount(difference)}.${unequal(run, base)}`;
}

/** With `target: 'coin'` two networks take turns, so each gets half of the steps. */
function unequal(run: Group, base: Group): string {
  const [own, other] = [run, base].map(({ runs }) => {
    const { config, training } = runs[0]!.record;
    const { agent, train } = configOf(config);
    return { networks: agent?.target === 'coin' ? 2 : 1, capped: training?.steps === (train?.maxSteps ?? 0) };
  });
  if (own!.networks === other!.networks || !own!.capped || !other!.capped) return '';
  const two = own!.networks === 2 ? run : base;
  return ` The number of steps was equal but the training was not: ${two.name} divides its steps between two networks.`;
}

function evaluationsOf({ runs }: Group) {
  return runs.map(({ evaluation }) => evaluation);
}

function controlled(run: Group, control: Group, base: Group): string {
  const gain = compare(evaluationsOf(run), evaluationsOf(base), { metric: METRIC });
  const without = control.score - base.score;
  const own = compare(evaluationsOf(run), evaluationsOf(control), { metric: METRIC });
  // The share is meaningless if the gain may be zero.
  const share =
    verdict(gain) > 0 && without > 0 ? `, ${Math.round((100 * without) / gain.difference)} % of that gain` : '';
  const rest = [
    `${run.name} is not measurably different from this control`,
    `${run.name} beats this control`,
    `${run.name} loses to this control`,
  ].at(verdict(own))!;
  const change = `differs from ${base.name} by ${signed(without)}${share}`;
  return `The control ${control.name} ${change}. ${rest}: ${amount(own)}.`;
}

/** The sentence about one environment, with all its seeds. */
function agreementSentence(seeds: readonly RewardAgreement[]): string {
  const { environment, histories, candidates } = seeds[0]!;
  const of = (what: 'reward' | 'counting', measure: 'spearman' | 'pairwiseAccuracy') =>
    mean(seeds.map((agreement) => agreement[what][measure]));
  const better = of('reward', 'spearman') > of('counting', 'spearman') ? 'better than' : 'not better than';
  const each = seeds.length > 1 ? ` and ${seeds.length} seeds` : '';
  return (
    `The reward of environment "${environment}" has a rank correlation of ${of('reward', 'spearman').toFixed(2)} with the world's true reward and orders ` +
    `${percent(of('reward', 'pairwiseAccuracy'))} of pairs correctly (means over ${histories} test histories${each}, ${candidates} random items each). ` +
    `This is ${better} counting with texts: ${of('counting', 'spearman').toFixed(2)} and ${percent(of('counting', 'pairwiseAccuracy'))}.`
  );
}

/** 1 when the interval is above 0, -1 when it is below 0, 0 when it contains 0. */
export function verdict({ interval }: Pick<Comparison, 'interval'>): 0 | 1 | -1 {
  if (interval[0] > 0) return 1;
  return interval[1] < 0 ? -1 : 0;
}

export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${formatMetric(Math.abs(value))}`;
}

function signedPercent(share: number): string {
  const size = Math.abs(100 * share).toFixed(0);
  return size === '0' ? '0 %' : `${share < 0 ? '−' : '+'}${size} %`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
