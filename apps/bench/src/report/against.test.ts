import { compare } from '@lea/eval';
import { expect, test } from 'vitest';
import { formatMetric } from '../terminal/metric.ts';
import { finishedRun as run } from '../testing/finished-run.ts';
import { againstBaseline } from './against.ts';
import { signed } from './conclusions.ts';
import { shownMetrics } from './metric-names.ts';
import { resultTable } from './table.ts';

const memory = { baseline: { type: 'counting-memory' } };

test('every trained model is compared with the best baseline, with p-values adjusted for their number', () => {
  const runs = [
    run('Markov', 'baseline', 5),
    run('EASE', 'baseline', 3, [2, 4]),
    run('counting memory', 'baseline', 1, [2], memory),
    run('CE', 'run', 3, [2, 3, 3, 4, 1]),
    run('CE-LEA', 'run', 2, [3, 1]),
    run('same', 'run', 3, [2, 4]),
  ];
  const { head, rows, notes } = againstBaseline(runs)!;
  expect(head).toEqual(['model', 'difference in NDCG@10', '95 % interval', 'p', 'p, adjusted']);
  const { difference, interval, p } = compare(runs[3]!.evaluation, runs[1]!.evaluation);
  expect(p).toBeGreaterThan(0.1);
  expect(rows[0]).toEqual(['CE', signed(difference), `${signed(interval[0])} to ${signed(interval[1])}`, formatMetric(p), formatMetric(2 * p)]); // biome-ignore format: one line
  expect(rows[1]!.slice(3)).toEqual(['<.0001', '<.0001']);
  expect(rows[2]).toEqual(['same', '+.0000', '+.0000 to +.0000', '1.0000', '1.0000']);
  expect(notes!.join(' ')).toMatch(
    /^Difference to EASE \(\.\d{4}\), the best baseline on test besides the counting memory\. .* in this table, 3\.$/,
  );
  expect(notes![1]).toMatch(
    /^p is the two-sided p-value for no difference, by Student's t over users, like the interval\. /,
  );
  const worse = run('counting memory', 'baseline', 9, [2], memory);
  expect(againstBaseline([runs[1]!, worse, runs[3]!])!.notes![0]).toMatch(/, the best baseline on test\.$/);
  expect(againstBaseline(runs.slice(0, 3))).toBeUndefined();
  expect(againstBaseline(runs.slice(3))).toBeUndefined();
});

test('metrics of lists have columns of their own', () => {
  const lists = { per: 'event' as const, exclude: 'none' as const, metrics: { 'gini@10': 0.75, 'hr@10': 0.5 } };
  const runs = [run('EASE', 'baseline', 4), run('CE', 'run', 2, [], { lists })];
  const metrics = shownMetrics(['ndcg@10'], { metrics: ['hr@10'], lists: { metrics: ['gini@10', 'hr@10'] } } as never);
  const { head, rows } = resultTable(runs, { metrics });
  expect(head.slice(1, 5)).toEqual(['NDCG@10', 'HR@10', 'GINI@10 of lists', 'HR@10 of lists']);
  expect(rows.map((row) => row.slice(2, 5))).toEqual([['1.0000', '–', '–'], ['1.0000', '.7500', '.5000']]); // biome-ignore format: one line
});
