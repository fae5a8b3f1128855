import type { Evaluation } from '@lea/eval';
import { averages } from '@lea/eval';
import { expect, test } from 'vitest';
import type { RunConfig } from '../config/schema.ts';
import type { FinishedRun } from '../run/record.ts';
import { barChart, curveChart } from './charts.ts';
import { conclusions } from './conclusions.ts';
import { renderReport } from './html.ts';
import { formatMetric, renderTable, resultTable } from './table.ts';

/** A run whose test events, four per user, all have one rank, but those of the first users. */
function run(
  name: string,
  kind: 'baseline' | 'run',
  rank: number,
  exceptions: readonly number[] = [],
  given: Partial<FinishedRun['record']> = {},
): FinishedRun {
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
  const record = { name, kind, seed: 0, seconds: 1, metrics: evaluation.metrics, ...given } as FinishedRun['record'];
  return { record, evaluation, fresh: true };
}

const memory = { baseline: { type: 'counting-memory' } };
const configs: RunConfig[] = [
  { name: 'CE' },
  { name: 'CE-LEA', base: 'CE', control: ['CE-LEA (id only)', 'CE-LEA (counting)'], environment: 'language' },
  { name: 'CE-LEA (id only)', base: 'CE', environment: 'ids' },
  { name: 'CE-LEA (counting)', base: 'CE', environment: 'counting' },
  { name: 'CE + memory', network: 'CE' },
  { name: 'CE-LEA + memory', base: 'CE + memory', network: 'CE-LEA' },
];

test('the best served policy by validation comes first, with what it beats and what LEA adds to it', () => {
  const runs = [
    run('Markov', 'baseline', 4, [2]),
    run('EASE', 'baseline', 3, [2]),
    run('counting memory', 'baseline', 2, [3], memory),
    run('CE', 'run', 8, [9], { validation: 0.1 }),
    run('CE-LEA', 'run', 5, [6], { validation: 0.2 }),
    // On test it is ahead; by validation it is not.
    run('CE + memory', 'run', 1, [2], { validation: 0.3 }),
    run('CE-LEA + memory', 'run', 2, [1], { validation: 0.4 }),
  ];
  const said = conclusions(runs, configs, []);
  expect(said[0]).toMatch(
    /^The best served policy by validation, CE-LEA \+ memory, has NDCG@10 \.6\d\d\d on 80 test events of 20 users\. It beats the best baseline, EASE \(\.50\d\d\): \+\.1\d\d\d .*\)\. LEA takes from CE \+ memory: −\.\d{4} \(/,
  );
  expect(said[1]).toMatch(/^CE-LEA \+ memory cannot be told apart from the counting memory alone \(\.6/);
  expect(said[2]).toMatch(/^CE-LEA gains over CE/);
  expect(said[3]).toMatch(/^CE-LEA \+ memory loses against CE \+ memory/);
  expect(said).toHaveLength(4);
});

test('of a best policy without an environment it is said what LEA would add', () => {
  const runs = [
    run('EASE', 'baseline', 1, [2]),
    run('CE + memory', 'run', 2, [1], { validation: 0.4 }),
    run('CE-LEA + memory', 'run', 2, [2], { validation: 0.3 }),
  ];
  const [first] = conclusions(runs, configs, []);
  expect(first).toMatch(/It loses to the best baseline, EASE/);
  expect(first).toMatch(/LEA adds nothing measurable to CE \+ memory: CE-LEA \+ memory is at −\.\d{4} \(/);
});

test('a policy whose base is taught too is compared with the one that is not', () => {
  const more: RunConfig = { name: 'SNQN-LEA', base: 'CE-LEA', environment: 'language' };
  const runs = [
    run('CE', 'run', 8, [9], { validation: 0.1 }),
    run('CE-LEA', 'run', 5, [6], { validation: 0.2 }),
    run('SNQN-LEA', 'run', 4, [5], { validation: 0.3 }),
  ];
  expect(conclusions(runs, [...configs, more], [])[0]).toMatch(/SNQN-LEA, has .* LEA adds to CE: \+/);
});

test('a gain and its controls are said plainly', () => {
  const runs = [
    run('CE', 'run', 8, [9], { validation: 0.1 }),
    run('CE-LEA', 'run', 2, [3], { validation: 0.3 }),
    run('CE-LEA (id only)', 'run', 3, [4], { validation: 0.2 }),
    // By validation the best, but nobody serves a control.
    run('CE-LEA (counting)', 'run', 1, [2], { validation: 0.9 }),
  ];
  const said = conclusions(runs, configs, []);
  expect(said[0]).toMatch(/^The best served policy by validation, CE-LEA, /);
  expect(said[0]).toMatch(/LEA adds to CE: \+\.31\d\d/);
  expect(said[1]).toMatch(/^CE-LEA gains over CE: \+\.31\d\d \(\+\d+ %, 95 % interval \+/);
  expect(said[2]).toMatch(
    /^The control CE-LEA \(id only\) alone gives \+\.18\d\d, 5\d % of that gain\. Over the control there is left: \+\.1/,
  );
  expect(said[3]).toMatch(/^The control CE-LEA \(counting\) alone gives \+\.6\d\d\d.* The control is better: −\.3/);
});

test('no difference is no win', () => {
  const mixed = [1, 9, 9, 1, 9, 1, 1, 9];
  const better = [...mixed.slice(0, 7), 8].toReversed();
  const runs = [run('CE', 'run', 5, mixed), run('CE-LEA', 'run', 5, better), run('CE-LEA (id only)', 'run', 5, better)];
  const said = conclusions(runs, configs, []);
  expect(said[0]).toMatch(/LEA adds nothing measurable to CE/);
  expect(said[1]).toMatch(/is not measurably different from CE/);
  // The control has no share of what may be nothing.
  expect(said[2]).toMatch(/alone gives \+\.\d+\. Nothing certain is left over the control/);
});

test('a loss is called one', () => {
  const runs = [run('CE', 'run', 2, [1]), run('CE-LEA', 'run', 4, [5])];
  expect(conclusions(runs, configs.slice(0, 2), [])[1]).toMatch(/^CE-LEA loses against CE: −\.\d{4} \(−\d+ %/);
});

test('of several seeds the means are spoken of', () => {
  const seeded = (name: string, ranks: number[], validation: number) =>
    ranks.map((rank, seed) => run(name, 'run', rank, [rank + 1], { seed, validation }));
  const runs = [run('EASE', 'baseline', 4, [2]), ...seeded('CE', [8, 6], 0.1), ...seeded('CE-LEA', [1, 3], 0.2)];
  const [first, second] = conclusions(runs, configs, []);
  // Rank 1 gains 1, rank 3 a half.
  expect(first).toMatch(/CE-LEA, has NDCG@10 \.74\d\d on 80 test events of 20 users, the mean of 2 seeds\./);
  expect(second).toMatch(/^CE-LEA gains over CE: \+\.41\d\d/);
});

test('where nothing is served the best baseline is named', () => {
  const runs = [run('Markov', 'baseline', 1, [2]), run('EASE', 'baseline', 3, [4])];
  expect(conclusions(runs, [], [])).toEqual([
    expect.stringMatching(/^Markov has the highest NDCG@10, \.99\d\d on 80 test events of 20 users; it beats EASE/),
  ]);
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
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)![1]!;
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

test('names that steer are shown as their codes: on the page, in charts and in the table', async () => {
  const evil = 'a\u202eb\x1b[2Jc\u2066<script>';
  const runs = [run(evil, 'baseline', 2, [1]), run('CE', 'run', 1, [3])];
  const page = renderReport({
    title: evil,
    protocol: [[evil, evil]],
    sentences: [evil],
    table: resultTable(runs),
    bars: await barChart(runs),
    curves: undefined,
  });
  expect(page).toContain('a\\u{202e}b\\u{1b}[2Jc\\u{2066}&lt;script&gt;');
  for (const shown of [await barChart(runs), renderTable(resultTable(runs))]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
    expect(shown).not.toMatch(/[\x1b\u202e\u2066]/);
    expect(shown).toContain('a\\u{202e}b\\u{1b}[2Jc\\u{2066}');
  }
});
