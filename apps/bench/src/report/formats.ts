import { deviation, mean } from '@lea/core';
import { interval } from '@lea/eval';
import type { Published } from '../config/schema.ts';
import type { FinishedRun } from '../experiment/record.ts';
import { counted } from '../terminal/counted.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { printable } from '../terminal/printable.ts';
import { type Group, groupsOf, isWhole, partOf, testSize } from './groups.ts';
import { markNotes, marksOf } from './marks.ts';
import { isOfLists, metricOf } from './metric-names.ts';
import { MARK } from './published.ts';

/** Forms of a table of results for other programs. */
export const FORMATS = ['csv', 'latex', 'markdown'] as const;

/** A metric of a model. */
export interface Cell {
  readonly metric: string;
  /** Mean over seeds. */
  readonly mean: number;
  /** Standard deviation over seeds; NaN with one seed. */
  readonly deviation: number;
  /** Bounds of the 95 % interval of the mean, clustered by user; NaN with one user, and of metrics of lists. */
  readonly interval: readonly [number, number];
  /** Whether no model with all seeds has a higher mean; never of metrics of lists, nor where seeds are missing. */
  readonly best: boolean;
}

/** A model with its metrics. */
export interface Result {
  readonly model: string;
  readonly kind: 'baseline' | 'run' | 'published';
  /** 0 for rows of other studies. */
  readonly seeds: number;
  /** What LaTeX and Markdown put behind its name, such as ` (1 of 2 seeds)`; CSV has the number of seeds. */
  readonly part?: string;
  /** As in {@link Group}, which LaTeX and Markdown tell by marks; absent of other studies. */
  readonly marked?: Pick<Group, 'rising' | 'memoryAlone'>;
  readonly cells: readonly Cell[];
  /** The study that the row is copied from, and how it measured. */
  readonly study?: Pick<Published, 'source' | 'protocol'>;
}

/**
 * The test metrics of every model, in the order of first appearance, then the rows of other studies, which are never the best of
 * a column. Models of which seeds are missing are not compared.
 *
 * @param expected number of seeds of the experiment
 */
export function resultsOf(
  runs: readonly FinishedRun[],
  metrics: readonly string[],
  published: readonly Published[] = [],
  expected = 1,
): Result[] {
  const groups = groupsOf(runs);
  const whole = groups.filter((group) => isWhole(group, expected));
  const means = (metric: string) =>
    whole.map((group) => mean(group.runs.map(({ record }) => metricOf(record, metric))));
  const most = metrics.map((metric) => Math.max(...means(metric).filter(Number.isFinite)));
  const measured = groups.map((group): Result => {
    const { name, kind, runs: own, rising, memoryAlone } = group;
    const part = partOf(group, expected);
    return {
      model: name,
      kind,
      seeds: own.length,
      ...(part && { part }),
      marked: { rising, memoryAlone },
      cells: metrics.map((metric, i) => {
        const values = own.map(({ record }) => metricOf(record, metric));
        const evaluations = own.map(({ evaluation }) => evaluation);
        const average = mean(values);
        return {
          metric,
          mean: average,
          deviation: values.length > 1 ? deviation(values, 'sample') : Number.NaN,
          interval: isOfLists(metric) ? [Number.NaN, Number.NaN] : interval(evaluations, { metric }).interval,
          // More of a measure of lists, such as the popularity of their items, is not better.
          best: average === most[i] && !isOfLists(metric) && !part,
        };
      }),
    };
  });
  return [...measured, ...published.map((row) => copied(row, metrics))];
}

/**
 * What a table does not show of its numbers: how many seeds and users they are from, models of which no seed is finished, and
 * what its marks mean.
 *
 * @param missing names of what is not finished
 * @param expected number of seeds of the experiment
 */
export function coverageNotes(
  runs: readonly FinishedRun[],
  missing: readonly { readonly name: string }[],
  expected: number,
): string[] {
  const over = expected > 1 ? `±: standard deviation over ${counted(expected, 'seed')} of training` : 'one seed';
  const known = new Set(runs.map(({ record }) => record.name));
  const gone = [...new Set(missing.map(({ name }) => name))].filter((name) => !known.has(name));
  return [
    `${over}; ${testSize(runs[0]!)}`,
    ...(gone.length > 0 ? [`not finished: ${gone.join(', ')}`] : []),
    ...markNotes(groupsOf(runs)),
  ];
}

function copied({ name, metrics: theirs, source, protocol }: Published, metrics: readonly string[]): Result {
  const unknown = { deviation: Number.NaN, interval: [Number.NaN, Number.NaN], best: false } as const;
  return {
    model: name,
    kind: 'published',
    seeds: 0,
    cells: metrics.map((metric) => ({ metric, mean: theirs[metric] ?? Number.NaN, ...unknown })),
    study: { source, protocol },
  };
}

/**
 * A table of results as CSV, LaTeX or Markdown.
 *
 * @param notes lines below the table; CSV has none, because programs read it
 */
export function formatResults(
  results: readonly Result[],
  format: (typeof FORMATS)[number],
  notes: readonly string[] = [],
): string {
  if (format === 'csv') return csv(results);
  return format === 'latex' ? latex(results, notes) : markdown(results, notes);
}

/** One line per model and metric, with all digits. */
function csv(results: readonly Result[]): string {
  const number = (value: number): string => (Number.isFinite(value) ? `${value}` : '');
  const rows = results.flatMap(({ model, kind, seeds, cells, study, marked }) =>
    told(kind, cells).map(({ metric, mean: value, deviation: spread, interval: [low, high], best }) =>
      [
        ...[quoted(model), kind, seeds, metric, ...[value, spread, low, high].map(number), best],
        ...[study?.source, study?.protocol].map((text) => quoted(text ?? '')),
        ...[marked?.rising, marked?.memoryAlone].map((value) => value ?? ''),
      ].join(','),
    ),
  );
  return `${['model,kind,seeds,metric,mean,deviation,low,high,best,source,protocol,rising,memoryAlone', ...rows].join('\n')}\n`;
}

/** Other studies report some of the metrics only. */
function told(kind: Result['kind'], cells: readonly Cell[]): readonly Cell[] {
  return kind === 'published' ? cells.filter((cell) => Number.isFinite(cell.mean)) : cells;
}

/** The name of a model with its marks and its missing seeds. */
function nameOf({ model, marked, part = '' }: Result): string {
  return `${model}${marked ? marksOf(marked) : ''}${part}`;
}

/** A field of CSV (RFC 4180). */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A `tabular` of the package booktabs, the best of each column in bold. */
function latex(results: readonly Result[], notes: readonly string[]): string {
  const metrics = results[0]?.cells.map(({ metric }) => metric) ?? [];
  const row = (cells: readonly string[]) => `${cells.join(' & ')} \\\\`;
  const cell = ({ mean: value, deviation: spread, best }: Cell): string => {
    const number = formatMetric(value).replace('−', '$-$');
    const text = best ? `\\textbf{${number}}` : number;
    return Number.isFinite(spread) ? `${text} {\\scriptsize $\\pm$ ${formatMetric(spread)}}` : text;
  };
  const lines = (of: (kind: Result['kind']) => boolean) =>
    results
      .filter(({ kind }) => of(kind))
      .map((result) => {
        const mark = result.kind === 'published' ? '$^{\\dagger}$' : '';
        return row([`${escapeLatex(printable(nameOf(result)))}${mark}`, ...result.cells.map(cell)]);
      });
  const copiedLines = lines((kind) => kind === 'published');
  return [
    `\\begin{tabular}{l${'r'.repeat(metrics.length)}}`,
    '\\toprule',
    row(['Model', ...metrics.map((metric) => escapeLatex(metricTitle(metric)))]),
    '\\midrule',
    ...lines((kind) => kind !== 'published'),
    ...(copiedLines.length > 0 ? ['\\midrule', ...copiedLines] : []),
    '\\bottomrule',
    '\\end{tabular}',
    ...notes.map((note) => `% ${printable(note)}`),
    '',
  ].join('\n');
}

function markdown(results: readonly Result[], notes: readonly string[]): string {
  const metrics = results[0]?.cells.map(({ metric }) => metric) ?? [];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cell = ({ mean: value, deviation: spread, best }: Cell): string => {
    const text = best ? `**${formatMetric(value)}**` : formatMetric(value);
    return Number.isFinite(spread) ? `${text} ± ${formatMetric(spread)}` : text;
  };
  return [
    row(['model', ...metrics.map(metricTitle)]),
    row([':--', ...metrics.map(() => '--:')]),
    ...results.map((result) =>
      row([
        `${escapeMarkdown(printable(nameOf(result)))}${result.kind === 'published' ? ` ${MARK}` : ''}`,
        ...result.cells.map(cell),
      ]),
    ),
    ...notes.flatMap((note) => ['', escapeMarkdown(printable(note))]),
    '',
  ].join('\n');
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  // With babel the quote itself may be a command.
  '"': '\\char34{}',
  // Marks, which the fonts of most engines lack.
  '↑': '$\\uparrow$',
  '∅': '$\\emptyset$',
};

/** Text in which no character is a command of LaTeX. */
export function escapeLatex(text: string): string {
  return text.replace(/[\\~^<>|"{}$&#%_↑∅]/g, (character) => LATEX[character] ?? `\\${character}`);
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|~&$]/g, (character) => `\\${character}`);
}
