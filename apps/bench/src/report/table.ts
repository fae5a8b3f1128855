import Table from 'cli-table3';
import type { FinishedRun } from '../run/record.ts';
import { printable } from '../terminal/printable.ts';

/** Rows of the result table, as text. */
export interface ResultTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Index of the row that is best in each metric column, by column. */
  readonly best: ReadonlyMap<number, number>;
}

const METRICS = ['ndcg@10', 'hr@10', 'mrr@10'];

/** `NDCG@10`, `NDCG@10 purchase`. */
export function metricTitle(metric: string): string {
  const [at, kind] = metric.split('/');
  return `${at!.toUpperCase()}${kind ? ` ${kind}` : ''}`;
}

/** `.0512`: metrics lie between 0 and 1, the leading zero only costs width. */
export function formatMetric(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return value.toFixed(4).replace(/^(-?)0\./, '$1.');
}

/**
 * One row per run, in the order given; metrics overall and per kind, the seconds it took, and what serving costs: median
 * milliseconds of ten recommendations for one user, megabytes of weights and tables.
 */
export function resultTable(runs: readonly FinishedRun[]): ResultTable {
  const kinds = runs[0]?.evaluation.kinds ?? [];
  const perKind = kinds.length > 1 ? kinds.map((kind) => `ndcg@10/${kind}`) : [];
  const columns = [...METRICS, ...perKind];
  const seeds = new Set(runs.map((run) => run.record.seed)).size > 1;
  const name = ({ record }: FinishedRun) =>
    seeds && record.kind === 'run' ? `${record.name} (seed ${record.seed})` : record.name;
  const best = new Map<number, number>();
  columns.forEach((metric, c) => {
    const values = runs.map((run) => run.record.metrics[metric]);
    const known = values.filter(Number.isFinite) as number[];
    if (known.length > 0) best.set(c + 1, values.indexOf(Math.max(...known)));
  });
  return {
    head: ['model', ...columns.map(metricTitle), 'seconds', 'serve ms', 'serve MB'],
    rows: runs.map((run) => [
      name(run),
      ...columns.map((metric) => formatMetric(run.record.metrics[metric])),
      run.record.seconds.toFixed(1),
      rounded(run.record.serving?.milliseconds, 2),
      rounded(run.record.serving?.megabytes, 1),
    ]),
    best,
  };
}

function rounded(value: number | null | undefined, digits: number): string {
  return value === undefined || value === null ? '–' : value.toFixed(digits);
}

/** The table for a terminal; the best value of a column carries a star. */
export function renderTable({ head, rows, best }: ResultTable): string {
  const table = new Table({
    head: head.map(printable),
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  rows.forEach((row, r) => {
    const cells = row.map(printable);
    table.push(cells.map((cell, c) => (best.has(c) ? `${cell}${best.get(c) === r ? '*' : ' '}` : cell)));
  });
  return table.toString();
}
