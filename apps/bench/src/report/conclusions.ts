import { mean } from '@lea/core';
import { type Comparison, compare } from '@lea/eval';
import { controlsOf } from '../config/load.ts';
import { validationMetric } from '../config/metrics.ts';
import type { RunConfig } from '../config/schema.ts';
import type { RewardAgreement } from '../experiment/agreement.ts';
import type { FinishedRun } from '../experiment/record.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { bestOf, configOf, type Group, groupsOf, servedOf, someAlone, testSize } from './groups.ts';
import {
  againstBest,
  claim,
  evaluationsOf,
  type Judged,
  judgeOf,
  METRIC,
  overSeeds,
  type Pairs,
  takenBack,
} from './judged.ts';

type Judge = (a: Group, b: Group) => Judged;

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
  const alone = bestOf(
    groups.filter(({ memory }) => memory),
    ({ score }) => score,
  );
  // The sentence about a control follows that of the run that it controls.
  const based = configs.flatMap((config) => {
    const [run, base] = [find(config.name), find(config.base)];
    if (controls.has(config.name) || !run || !base) return [];
    return [{ run, base, controls: controlsOf(config).flatMap((name) => find(name) ?? []) }];
  });
  const taught = served && taughtPair(served, groups, configs);
  const pairs: Pairs = [
    ...(taught ? [taught] : []),
    ...(served && alone ? [[served, alone] as const] : []),
    ...based.flatMap(({ run, base, controls: own }) => [
      [run, base] as const,
      ...own.map((control) => [run, control] as const),
    ]),
  ];
  const judge = judgeOf(pairs);
  return [
    ...(served
      ? [
          servedSentence(served, taught, groups, configs, judge),
          ...(alone ? [aloneSentence(served, alone, judge)] : []),
        ]
      : [winner(groups)]),
    ...aloneNote(groups),
    ...based.flatMap(({ run, base, controls: own }) => [
      // The first sentence may have said it.
      ...(taught?.[0] === run && taught[1] === base ? [] : [versus(run, base, judge)]),
      ...own.map((control) => controlled(run, control, base, judge)),
    ]),
    ...[...Map.groupBy(agreements, ({ environment }) => environment).values()].map(agreementSentence),
  ];
}

/** The policy is chosen on validation. The baseline that it is compared with is the best one on test. */
function servedSentence(
  served: Group,
  taught: readonly [Group, Group] | undefined,
  groups: readonly Group[],
  configs: readonly RunConfig[],
  judge: Judge,
): string {
  const chosen = metricTitle(validationMetric(configs));
  const alone = served.memoryAlone === served.runs.length ? ', which is the memory alone' : '';
  const opening = `The best trained policy by validation ${chosen} is ${served.name}${alone}: ${reached(served)}`;
  const best = againstBest(groups);
  const outcome = best && outcomeOf(best.differences[best.trained.indexOf(served)]!);
  const baseline =
    best && `the best baseline${best.besides}, ${best.baseline.name} (${formatMetric(best.baseline.score)})`;
  const [verb, by] = outcome ?? [];
  const against = best ? ` It ${verb} ${baseline}: ${by}.${overSeeds(served, best.baseline, signed)}` : '';
  return `${opening}.${against}${taught ? environmentPart(served, taught, judge) : ''}`;
}

/** A policy taught by an environment and the same policy without one, of which one is served. */
function taughtPair(
  served: Group,
  groups: readonly Group[],
  configs: readonly RunConfig[],
): readonly [Group, Group] | undefined {
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
  return run && base && [run, base];
}

/** The difference between a policy and the same policy without LEA. */
function environmentPart(served: Group, [run, base]: readonly [Group, Group], judge: Judge): string {
  const difference = judge(run, base);
  const verb = ['adds nothing measurable to', 'improves', 'worsens'].at(claim(difference))!;
  const whose = run === served ? '' : `the difference of ${run.name} is `;
  return ` LEA ${verb} ${base.name}: ${whose}${amount(difference)}${takenBack(difference)}.${notes(run, base)}`;
}

function aloneSentence(served: Group, alone: Group, judge: Judge): string {
  const [verb, by] = outcomeOf(judge(served, alone));
  return `${served.name} ${verb} ${alone.name} alone (${formatMetric(alone.score)}): ${by}.${overSeeds(served, alone, signed)}`;
}

/** Runs with a network that does nothing. */
function aloneNote(groups: readonly Group[]): string[] {
  const own = groups.filter(({ memoryAlone }) => memoryAlone > 0);
  if (own.length === 0) return [];
  const names = own.map((group) => `${group.name}${someAlone(group)}`).join(', ');
  return [`Validation chose weight 0 for the network of ${names}, which leaves the memory alone.`];
}

/** What a model does to another one, and by how much. It beats it only where that holds after adjustment. */
function outcomeOf(difference: Judged): readonly [verb: string, by: string] {
  const verb = ['is not measurably different from', 'beats', 'loses to'].at(claim(difference))!;
  return [verb, `${amount(difference)}${takenBack(difference)}`];
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
  const seeds = runs.length > 1 ? `, the mean of ${runs.length} seeds` : '';
  return `${metricTitle(METRIC)}${between}${formatMetric(score)} on ${testSize(runs[0]!)}${seeds}`;
}

function versus(run: Group, base: Group, judge: Judge): string {
  const [verb, by] = outcomeOf(judge(run, base));
  return `${run.name} ${verb} ${base.name}: ${by}.${notes(run, base)}`;
}

/** What else the difference of a run from its base depends on: the seeds, and unequal training. */
function notes(run: Group, base: Group): string {
  return `${overSeeds(run, base, signed)}${unequal(run, base)}`;
}

/** With `target: 'coin'` two networks take turns, so each gets half of the steps. */
function unequal(run: Group, base: Group): string {
  const [own, other] = [run, base].map(({ runs }) => {
    const { config, training } = runs[0]!.record;
    const { agent, train } = configOf(config);
    const steps = training?.steps;
    return { networks: agent?.target === 'coin' ? 2 : 1, steps, capped: steps === (train?.maxSteps ?? 0) };
  });
  if (own!.networks === other!.networks || own!.steps !== other!.steps || !own!.capped || !other!.capped) return '';
  const two = own!.networks === 2 ? run : base;
  return ` The number of steps was equal but the training was not: ${two.name} divides its steps between two networks.`;
}

function controlled(run: Group, control: Group, base: Group, judge: Judge): string {
  const gain = judge(run, base);
  const without = compare(evaluationsOf(control), evaluationsOf(base), { metric: METRIC });
  const own = judge(run, control);
  const known = verdict(without) !== 0;
  // The share is meaningless if either may be zero.
  const share =
    claim(gain) > 0 && known && without.difference > 0
      ? `, ${Math.round((100 * without.difference) / gain.difference)} % of that gain`
      : '';
  const rest = [
    `${run.name} is not measurably different from this control`,
    `${run.name} beats this control`,
    `${run.name} loses to this control`,
  ].at(claim(own))!;
  const change = `${known ? `differs from ${base.name} by` : `is not measurably different from ${base.name}:`} ${amount(without)}${share}`;
  const rising = control.rising ? ' The control was still improving (↑).' : '';
  return `The control ${control.name} ${change}. ${rest}: ${amount(own)}${takenBack(own)}.${overSeeds(run, control, signed)}${rising}`;
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
