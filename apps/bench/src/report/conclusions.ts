import { type Comparison, compare, type Evaluation } from '@lea/eval';
import { controlsOf } from '../config/load.ts';
import type { RunConfig } from '../config/schema.ts';
import type { RewardAgreement } from '../run/agreement.ts';
import type { FinishedRun } from '../run/record.ts';
import { formatMetric, metricTitle } from './table.ts';

const METRIC = 'ndcg@10';

/** A baseline, or the runs of one config with all its seeds: what is spoken of are their means. */
interface Group {
  readonly name: string;
  readonly kind: 'baseline' | 'run';
  /** A counting memory without a network. */
  readonly memory: boolean;
  readonly evaluations: readonly Evaluation[];
  /** Mean test NDCG@10. */
  readonly score: number;
  /** Mean NDCG@10 on validation; NaN for baselines. */
  readonly validation: number;
}

/**
 * What the numbers say, in plain sentences: the best served policy against the best baseline and against itself without the
 * environment, the memory alone, each base and its controls, the rewards.
 */
export function conclusions(
  runs: readonly FinishedRun[],
  configs: readonly RunConfig[],
  agreements: readonly RewardAgreement[],
): string[] {
  if (runs.length === 0) return ['Nothing was run.'];
  const groups = groupsOf(runs);
  const find = (name: string | undefined) => groups.find((group) => group.name === name && group.kind === 'run');
  // A control shows what a gain is made of; nobody serves it.
  const controls = new Set(configs.flatMap(controlsOf));
  const served = bestOf(
    groups.filter(({ kind, name }) => kind === 'run' && !controls.has(name)),
    ({ validation }) => validation,
  );
  const sentences = served ? [servedSentence(served, groups, configs), ...aloneSentences(served, groups)] : [];
  if (!served) sentences.push(winner(groups));
  // what a control gives is said with the run that it controls
  for (const config of configs.filter(({ name }) => !controls.has(name))) {
    const [run, base] = [find(config.name), find(config.base)];
    if (!run || !base) continue;
    sentences.push(versus(run, base));
    for (const name of controlsOf(config)) {
      const control = find(name);
      if (control) sentences.push(controlled(run, control, base));
    }
  }
  return [...sentences, ...agreements.map(agreementSentence)];
}

function groupsOf(runs: readonly FinishedRun[]): Group[] {
  const names = [...new Set(runs.map(({ record }) => `${record.kind} ${record.name}`))];
  return names.map((key) => {
    const own = runs.filter(({ record }) => `${record.kind} ${record.name}` === key);
    const mean = (of: (run: FinishedRun) => number | undefined) =>
      own.reduce((sum, run) => sum + (of(run) ?? Number.NaN), 0) / own.length;
    const { name, kind, baseline } = own[0]!.record;
    return {
      name,
      kind,
      memory: (baseline as { type?: string } | undefined)?.type === 'counting-memory',
      evaluations: own.map(({ evaluation }) => evaluation),
      score: mean(({ record }) => record.metrics[METRIC]),
      validation: mean(({ record }) => record.validation ?? record.training?.best?.value),
    };
  });
}

/** The policy is chosen on validation; among baselines it is compared with the best one on test. */
function servedSentence(served: Group, groups: readonly Group[], configs: readonly RunConfig[]): string {
  const baseline = bestOf(
    groups.filter(({ kind, memory }) => kind === 'baseline' && !memory),
    ({ score }) => score,
  );
  const opening = `The best served policy by validation, ${served.name}, has ${reached(served)}`;
  const against =
    baseline &&
    ` It ${outcome(served, baseline, `the best baseline, ${baseline.name} (${formatMetric(baseline.score)})`)}.`;
  return `${opening}.${against ?? ''}${environmentPart(served, groups, configs)}`;
}

/** What LEA adds over the same policy without it. */
function environmentPart(served: Group, groups: readonly Group[], configs: readonly RunConfig[]): string {
  const guided = ({ environment, network }: RunConfig): boolean =>
    environment !== undefined || configs.some((other) => other.name === network && other.environment !== undefined);
  const named = (name: string | undefined) => configs.find((config) => config.name === name);
  const config = named(served.name);
  // A run may be compared with another that is taught as well.
  let unguided = config;
  while (unguided && guided(unguided)) unguided = named(unguided.base);
  const controls = new Set(configs.flatMap(controlsOf));
  const heir = configs.find((other) => other.base === served.name && guided(other) && !controls.has(other.name));
  const [withIt, without] = config && guided(config) ? [served.name, unguided?.name] : [heir?.name, served.name];
  const [run, base] = [withIt, without].map((name) => groups.find((group) => group.name === name));
  if (!run || !base) return '';
  const difference = compare(run.evaluations, base.evaluations, { metric: METRIC });
  const verb = ['adds nothing measurable to', 'adds to', 'takes from'].at(verdict(difference))!;
  return ` LEA ${verb} ${base.name}: ${run === served ? '' : `${run.name} is at `}${amount(difference)}.`;
}

function aloneSentences(served: Group, groups: readonly Group[]): string[] {
  const alone = bestOf(
    groups.filter(({ memory }) => memory),
    ({ score }) => score,
  );
  return alone
    ? [`${served.name} ${outcome(served, alone, `the ${alone.name} alone (${formatMetric(alone.score)})`)}.`]
    : [];
}

function outcome(run: Group, other: Group, called: string): string {
  const difference = compare(run.evaluations, other.evaluations, { metric: METRIC });
  const verb = ['cannot be told apart from', 'beats', 'loses to'].at(verdict(difference))!;
  return `${verb} ${called}: ${amount(difference)}`;
}

/** `+.0140 (+28 %, 95 % interval +.0109 to +.0171)`; of one user there is no interval. */
export function amount({ difference, relative, interval }: Comparison): string {
  if (!interval.every(Number.isFinite)) return signed(difference);
  const share = Number.isFinite(relative) ? `${signedPercent(relative)}, ` : '';
  return `${signed(difference)} (${share}95 % interval ${signed(interval[0])} to ${signed(interval[1])})`;
}

function winner(groups: readonly Group[]): string {
  const [first, second] = [...groups].sort((a, b) => b.score - a.score);
  const opening = `${first!.name} has the highest ${reached(first!, ', ')}`;
  if (!second) return `${opening}.`;
  const difference = compare(first!.evaluations, second.evaluations, { metric: METRIC });
  const next = `${second.name} (${formatMetric(second.score)})`;
  return verdict(difference) === 0
    ? `${opening}, but its lead over ${next} may be chance: ${amount(difference)}.`
    : `${opening}; it beats ${next} by ${amount(difference)}.`;
}

function reached({ evaluations, score }: Group, between = ' '): string {
  const { events, users } = evaluations[0]!.protocol;
  const seeds = evaluations.length > 1 ? `, the mean of ${evaluations.length} seeds` : '';
  const test = `${events.toLocaleString('en')} test events of ${users.toLocaleString('en')} users`;
  return `${metricTitle(METRIC)}${between}${formatMetric(score)} on ${test}${seeds}`;
}

function versus(run: Group, base: Group): string {
  const difference = compare(run.evaluations, base.evaluations, { metric: METRIC });
  const what = ['is not measurably different from', 'gains over', 'loses against'].at(verdict(difference))!;
  return `${run.name} ${what} ${base.name}: ${amount(difference)}.`;
}

function controlled(run: Group, control: Group, base: Group): string {
  const gain = compare(run.evaluations, base.evaluations, { metric: METRIC });
  const without = control.score - base.score;
  const own = compare(run.evaluations, control.evaluations, { metric: METRIC });
  // A share of what may be nothing says nothing.
  const share =
    verdict(gain) > 0 && without > 0 ? `, ${Math.round((100 * without) / gain.difference)} % of that gain` : '';
  const rest = [
    'Nothing certain is left over the control',
    'Over the control there is left',
    'The control is better',
  ].at(verdict(own))!;
  return `The control ${control.name} alone gives ${signed(without)}${share}. ${rest}: ${amount(own)}.`;
}

function agreementSentence({ environment, reward, counting, histories, candidates }: RewardAgreement): string {
  const better = reward.spearman > counting.spearman ? 'better than' : 'not better than';
  return (
    `The reward of environment "${environment}" against the world's true reward: rank correlation ${reward.spearman.toFixed(2)}, ` +
    `${percent(reward.pairwiseAccuracy)} of pairs in the right order (means over ${histories} test histories, ${candidates} random items each); ` +
    `that is ${better} counting with texts, ${counting.spearman.toFixed(2)} and ${percent(counting.pairwiseAccuracy)}.`
  );
}

/** 1 when the interval lies above 0, -1 below, 0 when it holds 0. */
export function verdict({ interval }: Pick<Comparison, 'interval'>): 0 | 1 | -1 {
  if (interval[0] > 0) return 1;
  return interval[1] < 0 ? -1 : 0;
}

/** The group of the greatest value; what has none comes last. */
function bestOf(groups: readonly Group[], value: (group: Group) => number): Group | undefined {
  const rank = (group: Group) => (Number.isNaN(value(group)) ? Number.NEGATIVE_INFINITY : value(group));
  return [...groups].sort((a, b) => rank(b) - rank(a))[0];
}

export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${formatMetric(Math.abs(value))}`;
}

function signedPercent(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(0)} %`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
