import { expect, test } from 'vitest';
import type { RunConfig } from '../config/schema.ts';
import { folded } from '../terminal/folded.ts';
import { formatMetric } from '../terminal/metric.ts';
import { finishedRun as run } from '../testing/finished-run.ts';
import { againstBaseline } from './against.ts';
import { barChart, curveChart } from './charts.ts';
import { conclusions } from './conclusions.ts';
import { groupsOf, servedOf, wholeGroups } from './groups.ts';
import { renderReport } from './html.ts';
import { renderTable, resultTable } from './table.ts';

const memory = { baseline: { type: 'counting-memory' } };
const configs: RunConfig[] = [
  { name: 'CE' },
  { name: 'CE-LEA', base: 'CE', controlRun: ['CE-LEA (id only)', 'CE-LEA (counting)'], environment: 'language' },
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
    /^The best trained policy by validation NDCG@10 is CE-LEA \+ memory: NDCG@10 \.6\d\d\d on 80 test events of 20 users\. It beats the best baseline besides the counting memory, EASE \(\.50\d\d\): \+\.1\d\d\d .*\)\. LEA worsens CE \+ memory: −\.\d{4} \(/,
  );
  expect(said[1]).toMatch(/^CE-LEA \+ memory is not measurably different from counting memory alone \(\.6/);
  expect(said[2]).toMatch(/^CE-LEA beats CE/);
  // The difference of CE-LEA + memory from CE + memory is in the first sentence.
  expect(said).toHaveLength(3);
});

test('of a best policy without an environment it is said what LEA would add', () => {
  const runs = [
    run('EASE', 'baseline', 1, [2]),
    run('CE + memory', 'run', 2, [1], { validation: 0.4 }),
    run('CE-LEA + memory', 'run', 2, [2], { validation: 0.3 }),
  ];
  const [first] = conclusions(runs, configs, []);
  expect(first).toMatch(/It loses to the best baseline, EASE/);
  expect(first).toMatch(
    /LEA adds nothing measurable to CE \+ memory: the difference of CE-LEA \+ memory is −\.\d{4} \(/,
  );
});

test('a policy whose base is taught too is compared with the one that is not', () => {
  const more: RunConfig = { name: 'SNQN-LEA', base: 'CE-LEA', environment: 'language' };
  const runs = [
    run('CE', 'run', 8, [9], { validation: 0.1 }),
    run('CE-LEA', 'run', 5, [6], { validation: 0.2 }),
    run('SNQN-LEA', 'run', 4, [5], { validation: 0.3 }),
  ];
  expect(conclusions(runs, [...configs, more], [])[0]).toMatch(/SNQN-LEA: NDCG@10 .* LEA improves CE: \+/);
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
  expect(said[0]).toMatch(/^The best trained policy by validation NDCG@10 is CE-LEA: /);
  expect(said[0]).toMatch(/LEA improves CE: \+\.31\d\d \(\+\d+ %, 95 % interval \+/);
  expect(said[1]).toMatch(
    /^The control CE-LEA \(id only\) differs from CE by \+\.18\d\d \(\+\d+ %, 95 % interval \+\.1.*\), 5\d % of that gain\. CE-LEA beats this control: \+\.1/,
  );
  expect(said[2]).toMatch(
    /^The control CE-LEA \(counting\) differs from CE by \+\.6\d\d\d.* CE-LEA loses to this control: −\.3/,
  );
});

test('no difference is no win', () => {
  const mixed = [1, 9, 9, 1, 9, 1, 1, 9];
  const better = [...mixed.slice(0, 7), 8].toReversed();
  const runs = [run('CE', 'run', 5, mixed), run('CE-LEA', 'run', 5, better), run('CE-LEA (id only)', 'run', 5, better)];
  const said = conclusions(runs, configs, []);
  expect(said[0]).toMatch(/LEA adds nothing measurable to CE/);
  // The control has no share of what may be nothing.
  expect(said[1]).toMatch(
    /^The control CE-LEA \(id only\) is not measurably different from CE: \+\.\d+ \([^)]*\)\. CE-LEA is not measurably different from this control/,
  );
});

test('a win that does not hold after adjustment is not claimed', () => {
  // Each is a little ahead: p is .03 alone, and three runs are compared with the base.
  const ahead = (name: string) =>
    run(
      name,
      'run',
      5,
      Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? 4 : 5)),
    );
  const more: RunConfig[] = ['A', 'B', 'C'].map((name) => ({ name, base: 'CE' }));
  const alone = conclusions([run('CE', 'run', 5), ahead('A')], [{ name: 'CE' }, more[0]!], []);
  expect(alone[1]).toMatch(/^A beats CE: \+\.\d{4} \([^)]*\)\.$/);
  const runs = [run('CE', 'run', 5), ...['A', 'B', 'C'].map(ahead)];
  const said = conclusions(runs, [{ name: 'CE' }, ...more], []);
  expect(said[1]).toMatch(
    /^A is not measurably different from CE: .*\); adjusted for 3 comparisons, p rises from \.0\d{3} to \.[01]\d{3}\.$/,
  );
});

test('a loss is called one', () => {
  const runs = [run('CE', 'run', 2, [1]), run('SNQN', 'run', 4, [5])];
  const pair: RunConfig[] = [{ name: 'CE' }, { name: 'SNQN', base: 'CE' }];
  expect(conclusions(runs, pair, [])[1]).toMatch(/^SNQN loses to CE: −\.\d{4} \(−\d+ %/);
});

test('of several seeds the means are spoken of', () => {
  const seeded = (name: string, ranks: number[], validation: number) =>
    ranks.map((rank, seed) => run(name, 'run', rank, [rank + 1], { seed, validation }));
  const runs = [run('EASE', 'baseline', 4, [2]), ...seeded('CE', [8, 6], 0.1), ...seeded('CE-LEA', [1, 3], 0.2)];
  const [first] = conclusions(runs, configs, []);
  // The baseline has one seed: it is the same for every seed of training.
  expect(first).toMatch(
    /the best baseline, EASE \(\.43\d\d\): [^.]*\.\d+ \([^)]*\)\. With only 2 seeds of training, too few to know how much it varies, the 95 % interval is /,
  );
  // Rank 1 gains 1, rank 3 a half.
  expect(first).toMatch(/CE-LEA: NDCG@10 \.74\d\d on 80 test events of 20 users, the mean of 2 seeds\./);
  expect(first).toMatch(/LEA improves CE: \+\.41\d\d/);
  expect(first).toMatch(
    /With only 2 seeds of training, too few to know how much it varies, the 95 % interval is −\d\.\d+ to \+\d\.\d+\./,
  );
});

test('the reward of an environment is spoken of once, with the mean of its seeds', () => {
  const agreement = (spearman: number) => ({
    environment: 'language',
    reward: { spearman, pairwiseAccuracy: 0.7 },
    counting: { spearman: 0.5, pairwiseAccuracy: 0.65 },
    histories: 9,
    candidates: 50,
  });
  const runs = [run('CE', 'run', 2)];
  const said = conclusions(runs, [{ name: 'CE' }], [agreement(0.4), agreement(0.8)] as never).slice(1);
  expect(said).toEqual([
    expect.stringMatching(/correlation of 0\.60 .* 70 % .* and 2 seeds, .* better than counting with texts: 0\.50/),
  ]);
});

test('where nothing is served the best baseline is named', () => {
  const runs = [run('Markov', 'baseline', 1, [2]), run('EASE', 'baseline', 3, [4])];
  expect(conclusions(runs, [], [])).toEqual([
    expect.stringMatching(/^Markov has the highest NDCG@10, \.99\d\d on 80 test events of 20 users; it beats EASE/),
  ]);
});

test('metrics have four digits and no leading zero', () => {
  expect([0.05123, 1, -0.25, Number.NaN, undefined].map(formatMetric)).toEqual(['.0512', '1.0000', '−.2500', '–', '–']);
});

test('several seeds are one row: means, and the deviation of NDCG@10 between them', () => {
  const seeded = (seed: number, ndcg: number, seconds: number) => {
    const { record, ...rest } = run('CE', 'run', 2, [], { seed, seconds, validation: 0.1 });
    return { ...rest, record: { ...record, metrics: { 'ndcg@10': ndcg, 'hr@10': ndcg / 2 } } };
  };
  const runs = [run('EASE', 'baseline', 4), seeded(0, 0.1, 1), seeded(1, 0.2, 2), seeded(2, 0.3, 6)];
  const { head, rows, marked, notes } = resultTable(runs, { served: 'CE' });
  expect(head.slice(0, 5)).toEqual(['model', 'NDCG@10', 'HR@10', 'MRR@10', 'seconds']);
  expect(rows.map((row) => row[0])).toEqual(['EASE', 'CE']);
  // Sample deviation of .1, .2, .3 is .1.
  expect(rows[1]).toEqual(['CE', '.2000 ± .1000', '.1000', '–', '3.0', '–', '–']);
  expect(marked).toBe(1);
  expect(notes).toEqual([
    'The marked row is the best trained policy by validation NDCG@10.',
    'Trained models: means of 3 seeds; ± is the standard deviation across seeds.',
  ]);
  expect(renderTable({ head, rows, marked })).toMatch(/CE\*.*\.2000 ± \.1000/);
});

test('no row is marked by what it has on test; a column may have its best value marked', () => {
  const runs = [
    run('EASE', 'baseline', 1),
    run('CE', 'run', 1, [], { validation: 0.1 }),
    run('GRU', 'run', 2, [], { validation: 0.3 }),
  ];
  expect(resultTable(runs).marked).toBeUndefined();
  expect(resultTable(runs, { served: servedOf(groupsOf(runs), [])?.name }).marked).toBe(2);
  const text = renderTable({ head: ['a', 'b'], rows: [['x', '1'], ['y', '2']], best: new Map([[1, 1]]) }); // biome-ignore format: one line
  expect(text.match(/\*/g)).toHaveLength(1);
  expect(text).toContain('2*');
});

test('a loss to a control is called one', () => {
  const runs = [run('CE', 'run', 8, [9]), run('CE-LEA', 'run', 4, [5]), run('CE-LEA (id only)', 'run', 2, [3])];
  expect(conclusions(runs, configs, [])[1]).toMatch(
    /differs from CE by \+.*\. CE-LEA loses to this control: −\.\d{4} \(/,
  );
});

test('sentences are folded at the width of a terminal; a pipe gets whole lines', () => {
  const sentences = ['one two three four', 'five'];
  expect(folded(sentences, { columns: 9 })).toBe('one two\nthree\nfour\nfive');
  expect(folded(sentences, {})).toBe('one two three four\nfive');
});

test('the page holds its charts and escapes names', async () => {
  const runs = [run('a < b & "c"', 'baseline', 2, [1]), run('CE', 'run', 1, [3])];
  const page = renderReport({
    title: 't',
    protocol: [['Split', 'by user']],
    options: [['CE', '{"lr":0.001}']],
    sentences: ['x < y'],
    table: resultTable(runs),
    against: againstBaseline(runs),
    bars: await barChart(runs),
    curves: await curveChart(runs, 'ndcg@10'),
  });
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain('a &lt; b &amp; &quot;c&quot;');
  expect(page).toContain('<h2>Against the best baseline</h2>');
  expect(page).toContain('<li>x &lt; y</li>');
  expect(page).toContain('{&quot;lr&quot;:0.001}');
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
    options: [[evil, evil]],
    sentences: [evil],
    table: resultTable(runs),
    against: againstBaseline(runs),
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

test('a model of which seeds are missing says so, and is whole only with all of them', () => {
  const runs = [run('Markov', 'baseline', 4), run('CE', 'run', 3), run('CE', 'run', 5), run('SNQN', 'run', 2)];
  const { rows } = resultTable(runs, { seeds: 2 });
  expect(rows.map(([name]) => name)).toEqual(['Markov', 'CE', 'SNQN (1 of 2 seeds)']);
  expect(wholeGroups(runs, 2).map(({ record }) => record.name)).toEqual(['Markov', 'CE', 'CE']);
  expect(wholeGroups(runs, 1)).toEqual(runs);
});
