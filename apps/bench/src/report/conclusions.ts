import { type Comparison, compare } from '@lea/eval';
import type { RunConfig } from '../config/schema.ts';
import type { RewardAgreement } from '../run/agreement.ts';
import type { FinishedRun } from '../run/record.ts';
import { formatMetric, metricTitle } from './table.ts';

const METRIC = 'ndcg@10';

/** What the numbers say, in plain sentences: the winner, each base and control, the best baseline, the rewards. */
export function conclusions(
  runs: readonly FinishedRun[],
  configs: readonly RunConfig[],
  agreements: readonly RewardAgreement[],
): string[] {
  if (runs.length === 0) return ['Nothing was run.'];
  const find = (name: string | undefined, seed: number) =>
    runs.find(({ record }) => record.name === name && (record.seed === seed || record.kind === 'baseline'));
  const baseline = bestOf(runs.filter(({ record }) => record.kind === 'baseline'));
  const sentences = [winner(runs)];
  const controls = new Set(configs.map((config) => config.control));
  // what a control gives is said with the run that it controls
  for (const config of configs.filter(({ name }) => !controls.has(name))) {
    for (const run of runs.filter(({ record }) => record.name === config.name && record.kind === 'run')) {
      const base = find(config.base, run.record.seed);
      const control = find(config.control, run.record.seed);
      if (base) sentences.push(versus(run, base, many(runs)));
      if (base && control) sentences.push(controlled(run, control, base));
    }
  }
  const best = bestOf(runs.filter(({ record }) => record.kind === 'run'));
  if (baseline && best) sentences.push(againstBaseline(best, baseline));
  return [...sentences, ...agreements.map(agreementSentence)];
}

/** `+.0140 (+28 %, 95 % interval +.0109 to +.0171)`; of one user there is no interval. */
export function amount({ difference, relative, interval }: Comparison): string {
  if (!interval.every(Number.isFinite)) return signed(difference);
  const share = Number.isFinite(relative) ? `${signedPercent(relative)}, ` : '';
  return `${signed(difference)} (${share}95 % interval ${signed(interval[0])} to ${signed(interval[1])})`;
}

function winner(runs: readonly FinishedRun[]): string {
  const [first, second] = [...runs].sort((a, b) => score(b) - score(a));
  const { events, users } = first!.evaluation.protocol;
  const test = `${events.toLocaleString('en')} test events of ${users.toLocaleString('en')} users`;
  const opening = `${label(first!, runs)} has the highest ${metricTitle(METRIC)}, ${formatMetric(score(first!))} on ${test}`;
  if (!second) return `${opening}.`;
  const difference = compare(first!.evaluation, second.evaluation, { metric: METRIC });
  const next = `${label(second, runs)} (${formatMetric(score(second))})`;
  return verdict(difference) === 0
    ? `${opening}, but its lead over ${next} may be chance: ${amount(difference)}.`
    : `${opening}; it beats ${next} by ${amount(difference)}.`;
}

function versus(run: FinishedRun, base: FinishedRun, withSeed: boolean): string {
  const difference = compare(run.evaluation, base.evaluation, { metric: METRIC });
  const what = ['is not measurably different from', 'gains over', 'loses against'].at(verdict(difference))!;
  return `${name(run, withSeed)} ${what} ${base.record.name}: ${amount(difference)}.`;
}

function controlled(run: FinishedRun, control: FinishedRun, base: FinishedRun): string {
  const gain = compare(run.evaluation, base.evaluation, { metric: METRIC });
  const without = score(control) - score(base);
  const own = compare(run.evaluation, control.evaluation, { metric: METRIC });
  // A share of what may be nothing says nothing.
  const share =
    verdict(gain) > 0 && without > 0 ? `, ${Math.round((100 * without) / gain.difference)} % of that gain` : '';
  const rest =
    verdict(own) > 0
      ? `What is left over the control is ${amount(own)}.`
      : `Over the control nothing certain is left: ${amount(own)}.`;
  return `The control ${control.record.name} alone gives ${signed(without)}${share}. ${rest}`;
}

function againstBaseline(run: FinishedRun, baseline: FinishedRun): string {
  const difference = compare(run.evaluation, baseline.evaluation, { metric: METRIC });
  const what = [
    `cannot be told apart from the best baseline, ${baseline.record.name}`,
    `beats the best baseline, ${baseline.record.name}`,
    `loses to the best baseline, ${baseline.record.name}, which trains nothing`,
  ].at(verdict(difference))!;
  return `The best trained model, ${run.record.name}, ${what}: ${amount(difference)}.`;
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

function bestOf(runs: readonly FinishedRun[]): FinishedRun | undefined {
  return [...runs].sort((a, b) => score(b) - score(a))[0];
}

function many(runs: readonly FinishedRun[]): boolean {
  return new Set(runs.filter(({ record }) => record.kind === 'run').map(({ record }) => record.seed)).size > 1;
}

function label(run: FinishedRun, runs: readonly FinishedRun[]): string {
  return name(run, many(runs) && run.record.kind === 'run');
}

function name({ record }: FinishedRun, withSeed: boolean): string {
  return withSeed ? `${record.name} (seed ${record.seed})` : record.name;
}

function score({ record }: FinishedRun): number {
  return record.metrics[METRIC] ?? Number.NaN;
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
