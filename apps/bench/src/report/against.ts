import type { FinishedRun } from '../experiment/record.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { signed } from './conclusions.ts';
import { groupsOf } from './groups.ts';
import { againstBest, chance, METRIC } from './judged.ts';
import type { TextTable } from './table.ts';

/**
 * Every trained model against the best baseline by test NDCG@10, with p-values that are adjusted for the number of comparisons;
 * undefined where there is no trained model or no baseline.
 */
export function againstBaseline(runs: readonly FinishedRun[]): TextTable | undefined {
  const found = againstBest(groupsOf(runs));
  if (!found) return undefined;
  const { baseline, besides, trained, differences } = found;
  return {
    head: ['model', `difference in ${metricTitle(METRIC)}`, '95 % interval', 'p', 'p, adjusted'],
    rows: trained.map(({ name }, i) => {
      const { difference, interval, p, adjusted } = differences[i]!;
      const range = interval.every(Number.isFinite) ? interval.map(signed).join(' to ') : '–';
      return [name, signed(difference), range, chance(p), chance(adjusted)];
    }),
    notes: [
      `Difference to ${baseline.name} (${formatMetric(baseline.score)}), the best baseline on test${besides}.`,
      "p is the two-sided p-value for no difference, by Student's t over users, like the interval. " +
        `Adjusted by Holm's method for the number of models in this table, ${trained.length}.`,
    ],
  };
}
