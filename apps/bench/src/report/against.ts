import { compare, holm } from '@lea/eval';
import type { FinishedRun } from '../experiment/record.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { signed } from './conclusions.ts';
import { bestOf, groupsOf } from './groups.ts';
import type { TextTable } from './table.ts';

const METRIC = 'ndcg@10';

/**
 * Every trained model against the best baseline by test NDCG@10, with p-values that are adjusted for the number of comparisons;
 * undefined where there is no trained model or no baseline.
 */
export function againstBaseline(runs: readonly FinishedRun[]): TextTable | undefined {
  const groups = groupsOf(runs);
  const trained = groups.filter(({ kind }) => kind === 'run');
  const baseline = bestOf(
    groups.filter(({ kind, memory }) => kind === 'baseline' && !memory),
    ({ score }) => score,
  );
  if (!baseline || trained.length === 0) return undefined;
  const other = baseline.runs.map(({ evaluation }) => evaluation);
  const differences = trained.map((group) => compare(group.runs.map(({ evaluation }) => evaluation), other, { metric: METRIC })); // biome-ignore format: one line
  const adjusted = holm(differences.map(({ p }) => p));
  return {
    head: ['model', `difference in ${metricTitle(METRIC)}`, '95 % interval', 'p', 'p, adjusted'],
    rows: trained.map(({ name }, i) => {
      const { difference, interval, p } = differences[i]!;
      const range = interval.every(Number.isFinite) ? interval.map(signed).join(' to ') : '–';
      return [name, signed(difference), range, chance(p), chance(adjusted[i]!)];
    }),
    notes: [
      `Difference to ${baseline.name} (${formatMetric(baseline.score)}), the best baseline on test.`,
      'p: two-sided, of no difference, by the same approximation as the interval. ' +
        `Adjusted by Holm's method for the number of models in this table, ${trained.length}.`,
    ],
  };
}

/** A p-value with four digits. */
function chance(p: number): string {
  return p < 0.0001 ? '<.0001' : formatMetric(p);
}
