import { deviation, mean } from '@lea/core';
import type { Published } from '../config/schema.ts';
import type { FinishedRun } from '../experiment/record.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { printable } from '../terminal/printable.ts';
import { terminalTable } from '../terminal/table.ts';
import { type Group, groupsOf, partOf } from './groups.ts';
import { markNotes, marksOf } from './marks.ts';
import { metricOf } from './metric-names.ts';
import { MARK, publishedNotes } from './published.ts';

/** Rows of a table, as text. */
export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Index of the row that is best in a column, by column. */
  readonly best?: ReadonlyMap<number, number>;
  /** Index of the row that is marked as a whole. */
  readonly marked?: number;
  /** Explanations below the table. */
  readonly notes?: readonly string[];
}

/** Metrics in a terminal, which is narrow, and on the page. */
export const SHORT = ['ndcg@10', 'hr@10', 'mrr@10'];
export const FULL = ['ndcg@5', 'ndcg@10', 'ndcg@20', 'hr@5', 'hr@10', 'hr@20', 'mrr@10'];

/**
 * One row per model, in the given order; with several seeds the mean, and the standard deviation of NDCG@10 across seeds. The
 * columns are metrics, NDCG@10 per kind, seconds, and the cost of serving: median milliseconds of ten recommendations for one
 * user, and megabytes of weights and tables.
 *
 * @param served the name of the trained model that is best on validation: its row is marked
 * @param chosenBy the validation metric that selected it
 * @param seeds number of seeds of the experiment: models of which some are missing say how many there are
 * @param data the size of the data, which is said below the table
 * @param published rows of other studies, which follow the measured ones with a mark
 * @param more notes about the data and the protocol
 */
export function resultTable(
  runs: readonly FinishedRun[],
  {
    served,
    chosenBy = 'ndcg@10',
    metrics = SHORT,
    seeds: expected = 1,
    data,
    published = [],
    more = [],
  }: {
    served?: string | undefined;
    chosenBy?: string;
    metrics?: readonly string[];
    seeds?: number;
    data?: string;
    published?: readonly Published[] | undefined;
    more?: readonly string[];
  } = {},
): TextTable {
  const groups = groupsOf(runs);
  const seeds = Math.max(0, ...groups.map((group) => group.runs.length));
  const columns = metricColumns(runs, metrics);
  const cell = (group: Group, metric: string): string => {
    const values = group.runs.map(({ record }) => metricOf(record, metric));
    const spread = metric === 'ndcg@10' && values.length > 1 ? ` ± ${formatMetric(deviation(values, 'sample'))}` : '';
    return `${formatMetric(mean(values))}${spread}`;
  };
  const of = (group: Group, value: (run: FinishedRun) => number | null | undefined, digits: number): string => {
    const values = group.runs.map(value).filter((x) => x !== null && x !== undefined);
    return values.length === 0 ? '–' : mean(values).toFixed(digits);
  };
  const marked = groups.findIndex(({ kind, name }) => kind === 'run' && name === served);
  return {
    head: ['model', ...columns.map(metricTitle), 'seconds', 'serve ms', 'serve MB'],
    rows: [
      ...groups.map((group) => [
        `${group.name}${marksOf(group)}${partOf(group, expected)}`,
        ...columns.map((metric) => cell(group, metric)),
        of(group, ({ record }) => record.seconds, 1),
        of(group, ({ record }) => record.serving?.milliseconds, 2),
        of(group, ({ record }) => record.serving?.megabytes, 1),
      ]),
      ...published.map((row) => [
        `${row.name} ${MARK}`,
        ...columns.map((metric) => formatMetric(row.metrics[metric])),
        ...['–', '–', '–'],
      ]),
    ],
    ...(marked >= 0 && { marked }),
    notes: [
      ...(data ? [`Data: ${data}.`] : []),
      ...more,
      ...(marked >= 0 ? [`The marked row is the best trained policy by validation ${metricTitle(chosenBy)}.`] : []),
      ...markNotes(groups),
      ...(seeds > 1 ? [`Trained models: means of ${seeds} seeds; ± is the standard deviation across seeds.`] : []),
      ...publishedNotes(published),
    ],
  };
}

/** The metrics of a table: the given ones, and NDCG@10 of each kind if there are several. */
export function metricColumns(runs: readonly FinishedRun[], metrics: readonly string[]): string[] {
  const kinds = runs[0]?.evaluation.kinds ?? [];
  return [...new Set([...metrics, ...(kinds.length > 1 ? kinds.map((kind) => `ndcg@10/${kind}`) : [])])];
}

/** The table for a terminal: a star marks the best value of a column and the name of a marked row. */
export function renderTable({ head, rows, best, marked, notes = [] }: TextTable): string {
  const table = terminalTable(head.map(printable), 1);
  const star = (r: number, c: number) => (best?.get(c) === r || (c === 0 && r === marked) ? '*' : ' ');
  rows.forEach((row, r) => {
    const cells = row.map(printable);
    table.push(cells.map((cell, c) => (best?.has(c) || (c === 0 && marked !== undefined) ? cell + star(r, c) : cell)));
  });
  return [table.toString(), ...notes.map(printable)].join('\n');
}
