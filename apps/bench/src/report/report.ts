import { join } from 'node:path';
import type { LeaError } from '@lea/core';
import { replaceFile } from '@lea/core/node';
import { validationMetric } from '../config/metrics.ts';
import type { RunConfig } from '../config/schema.ts';
import { statisticsOf } from '../data/describe.ts';
import type { RunRecord } from '../experiment/record.ts';
import type { Outcome } from '../jobs/collect.ts';
import { metricTitle } from '../terminal/metric.ts';
import { againstBaseline } from './against.ts';
import { barChart, curveChart, estimateChart } from './charts.ts';
import { groupsOf, servedName, wholeGroups } from './groups.ts';
import { heldOut } from './held-out.ts';
import { renderReport } from './html.ts';
import { shownMetrics } from './metric-names.ts';
import type { OffPolicy } from './off-policy.ts';
import { offPolicyTable } from './off-policy-table.ts';
import { figureHtml, listHtml, tableHtml } from './page.ts';
import { repeatNotes } from './repeats.ts';
import { FULL, resultTable } from './table.ts';

/**
 * Writes the report page, and a copy in the folder of its runs if that is writable.
 *
 * @param command the command that reproduces these numbers
 * @param offPolicy estimates, if the config asks for them
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function writeReport(
  path: string,
  outcome: Outcome,
  sentences: readonly string[],
  command: string,
  offPolicy?: OffPolicy,
): Promise<void> {
  const { runs, plan, context } = outcome;
  const { runs: configs, seeds, published } = context.experiment;
  const whole = wholeGroups(runs, seeds.length);
  const chosenBy = validationMetric(configs);
  const page = renderReport({
    title: `LEA bench: ${context.experiment.name}`,
    protocol: [
      ['Command', command],
      ['Date', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`],
      ...protocolOf(outcome),
    ],
    options: optionsOf(outcome),
    sentences,
    table: resultTable(runs, {
      served: servedName(whole, configs),
      chosenBy,
      metrics: shownMetrics(FULL, context.experiment),
      seeds: seeds.length,
      data: statisticsOf(context.dataset),
      more: repeatNotes(context),
      published,
    }),
    against: againstBaseline(whole),
    offPolicy: offPolicy && (await offPolicyHtml(offPolicy)),
    bars: await barChart(runs),
    curves: await curveChart(runs, chosenBy),
  });
  await replaceFile(path, page);
  const copy = join(plan.folder, 'report.html');
  if (copy === path) return;
  await replaceFile(copy, page).catch((error: LeaError) => {
    if (error.code !== 'E_FILE_WRITE') throw error;
  });
}

async function offPolicyHtml(offPolicy: OffPolicy): Promise<string> {
  if (offPolicy.nothing !== undefined) return listHtml([offPolicy.nothing]);
  const chart = await estimateChart(offPolicy);
  return `${chart ? `${figureHtml(chart)}\n` : ''}${tableHtml(offPolicyTable(offPolicy))}`;
}

/** The conditions under which the numbers hold. */
function protocolOf({ runs, missing, context }: Outcome): [string, string][] {
  const { experiment, dataset, split, dataHash } = context;
  const count = (n: number) => n.toLocaleString('en');
  const record = runs.at(-1)!.record;
  const trained = runs.filter((run) => run.record.training);
  const heads = [...new Set(trained.map((run) => run.record.protocol.rankingHead))];
  const { evaluation } = record.protocol;
  const { kind, ...splitOptions } = split.info;
  const lines: [string, string][] = [
    ['Data', statisticsOf(dataset)],
    [
      'Split',
      `${[kind, plain(splitOptions)].filter(Boolean).join(' ')}; train ${count(split.train.count)}, validation ${count(split.validation.count)}, test ${count(split.test.count)} decisions`,
    ],
    [
      'Ranking',
      `${evaluation.ranking}, ${count(evaluation.items)} items; excluded: ${evaluation.exclude === 'none' ? 'nothing' : evaluation.exclude}; ties: lower item index first`,
    ],
    [
      'Evaluated',
      `every test decision of ${count(evaluation.users)} users, empty histories included; history: last ${experiment.window} events`,
    ],
    ...(experiment.lists ? [listsLine(record)] : []),
    ['Ranking head', heads.length > 0 ? heads.join(', ') : 'no trained model'],
    ['Stopped by', `validation ${metricTitle(validationMetric(experiment.runs))}, which also selects the best run`],
    ['Rewards', experiment.rewards === 'logged' ? 'those of the log' : plain(experiment.rewards)],
    ['Intervals', `95 %, paired per event, clustered by user: they cover ${heldOut(kind).chance}, but not in training`],
    ['Seconds', secondsOf(experiment.runs)],
    ['Serve ms, MB', 'median time of ten recommendations for one user on this machine; size of weights and tables'],
    ['Seeds', experiment.seeds.join(', ')],
    ...missing.map(({ id }): [string, string] => ['Not finished', id]),
    ['Threads', String(context.threads)],
    ['Data hash', dataHash],
    ['Versions', plain(record.versions)],
  ];
  const environments = new Map(
    trained.flatMap(({ record: r }) => (r.environment ? [[r.environment.hash, r.environment] as const] : [])),
  );
  for (const { name, hash, seconds, folds } of environments.values()) {
    const crossFitted = folds === undefined ? '' : `cross-fitted on ${folds} folds of the train users, `;
    lines.push([`Environment ${name}`, `${crossFitted}fitted in ${seconds.toFixed(0)} s, hash ${hash.slice(0, 16)}`]);
  }
  return lines;
}

/** What the column of seconds counts. */
function secondsOf(configs: readonly RunConfig[]): string {
  const fused = configs.some(({ network }) => network !== undefined)
    ? "; of a run with `network` only the fit of its memory's weight and the ranking of the test events"
    : '';
  return `training and validation${fused}; the time for environments is listed separately`;
}

/** How the lists were made. */
function listsLine({ lists }: RunRecord): [string, string] {
  const { per, exclude } = lists!;
  const relevant =
    per === 'event' ? 'one per test decision' : 'one per user; all items of the test decisions are relevant';
  return ['Lists', `${relevant}; excluded: ${exclude === 'none' ? 'nothing' : exclude}`];
}

/** The options of every model, resolved to the last default, as JSON. */
function optionsOf({ runs }: Outcome): [string, string][] {
  return groupsOf(runs).map(({ name, runs: [first] }) => {
    const { kind, config, baseline } = first!.record;
    return [name, JSON.stringify(kind === 'run' ? config : baseline) ?? 'none'];
  });
}

/** `seed 0, fractions 0.8 0.1 0.1`; counts that appear elsewhere are left out. */
export function plain(values: object): string {
  return Object.entries(values)
    .filter(([, value]) => typeof value !== 'object' || Array.isArray(value))
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : value}`)
    .join(', ');
}
