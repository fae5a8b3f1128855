import type { Evaluation } from '@lea/eval';
import { averages } from '@lea/eval';
import { expect, test } from 'vitest';
import type { RunConfig } from '../config/schema.ts';
import type { FinishedRun } from '../run/record.ts';
import { barChart, curveChart } from './charts.ts';
import { conclusions } from './conclusions.ts';
import { renderReport } from './html.ts';
import { formatMetric, resultTable } from './table.ts';

/** A run whose test events, four per user, all have one rank, but those of the first users. */
function run(name: string, kind: 'baseline' | 'run', rank: number, exceptions: readonly number[] = []): FinishedRun {
  const events = 80;
  const ranks = Int32Array.from({ length: events }, (_, i) => exceptions[i] ?? rank);
  const user = Int32Array.from(ranks, (_, i) => Math.floor(i / 4));
  const kinds = ['click'];
  const evaluation: Evaluation = {
    name,
    ranks,
    target: new Int32Array(events),
    user,
    kind: new Uint8Array(events),
    kinds,
    metrics: averages(ranks, new Uint8Array(events), kinds, [10]),
    events,
    protocol: { ranking: 'full catalogue', items: 99, exclude: 'none', window: 10, events, users: 20 },
  };
  const record = { name, kind, seed: 0, seconds: 1, metrics: evaluation.metrics } as FinishedRun['record'];
  return { record, evaluation, fresh: true };
}

const configs: RunConfig[] = [
  { name: 'CE' },
  { name: 'CE-LEA', base: 'CE', control: 'CE-LEA (id only)' },
  { name: 'CE-LEA (id only)', base: 'CE' },
];

test('a gain, its control and a lost comparison with counting are said plainly', () => {
  const runs = [
    run('Markov', 'baseline', 1, [2]),
    run('CE', 'run', 8, [9]),
    run('CE-LEA', 'run', 2, [3]),
    run('CE-LEA (id only)', 'run', 3, [4]),
  ];
  const said = conclusions(runs, configs, []);
  expect(said[0]).toMatch(/^Markov has the highest NDCG@10, .* on 80 test events of 20 users; it beats CE-LEA/);
  expect(said[1]).toMatch(/^CE-LEA gains over CE: \+\.31\d\d \(\+\d+ %, 95 % interval \+/);
  expect(said[2]).toMatch(/^The control CE-LEA \(id only\) alone gives \+\.18\d\d, 5\d|6\d % of that gain/);
  expect(said[3]).toMatch(/^The best trained model, CE-LEA, loses to the best baseline, Markov, which trains nothing/);
});

test('no difference is no win', () => {
  const mixed = [1, 9, 9, 1, 9, 1, 1, 9];
  const better = [...mixed.slice(0, 7), 8].toReversed();
  const runs = [run('CE', 'run', 5, mixed), run('CE-LEA', 'run', 5, better), run('CE-LEA (id only)', 'run', 5, better)];
  const said = conclusions(runs, configs, []);
  expect(said[0]).toMatch(/may be chance/);
  expect(said[1]).toMatch(/is not measurably different from CE/);
  // The control has no share of what may be nothing.
  expect(said[2]).toMatch(/alone gives \+\.\d+\. Over the control nothing/);
});

test('a loss is called one', () => {
  const runs = [run('CE', 'run', 2, [1]), run('CE-LEA', 'run', 4, [5])];
  expect(conclusions(runs, configs.slice(0, 2), [])[1]).toMatch(/^CE-LEA loses against CE: −\.\d{4} \(−\d+ %/);
});

test('metrics have four digits and no leading zero', () => {
  expect([0.05123, 1, -0.25, Number.NaN, undefined].map(formatMetric)).toEqual(['.0512', '1.0000', '-.2500', '–', '–']);
});

test('a metric that nobody has is best nowhere, one that some lack is best among the others', () => {
  const [one, two] = [run('one', 'run', 1), run('two', 'run', 2)];
  const metrics = { 'ndcg@10': Number.NaN, 'hr@10': 0.5 };
  const { best } = resultTable([{ ...one, record: { ...one.record, metrics } }, two]);
  expect([...best]).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
  const none = { ...one, record: { ...one.record, metrics: {} } };
  expect(resultTable([none]).best.size).toBe(0);
});

test('the page holds its charts and escapes names', async () => {
  const runs = [run('a < b & "c"', 'baseline', 2, [1]), run('CE', 'run', 1, [3])];
  const page = renderReport({
    title: 't',
    protocol: [['Split', 'by user']],
    sentences: ['x < y'],
    table: resultTable(runs),
    bars: await barChart(runs),
    curves: await curveChart(runs),
  });
  expect(page.match(/<svg/g)).toHaveLength(1);
  expect(page).toContain('a &lt; b &amp; &quot;c&quot;');
  expect(page).toContain('<li>x &lt; y</li>');
});
