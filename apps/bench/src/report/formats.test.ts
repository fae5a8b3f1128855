import { averages, type Evaluation, interval } from '@lea/eval';
import { fromCSV } from 'arquero';
import { expect, test } from 'vitest';
import type { FinishedRun } from '../experiment/record.ts';
import { escapeLatex, formatResults, resultsOf } from './formats.ts';

/** A run on two users with two events each, whose targets have these ranks. */
function run(name: string, ranks: readonly number[], seed = 0): FinishedRun {
  const [kind, kinds] = [new Uint8Array(4), ['click']];
  const metrics = averages(Int32Array.from(ranks), kind, kinds, [10]);
  const evaluation: Evaluation = {
    name,
    ranks: Int32Array.from(ranks),
    target: new Int32Array(4),
    user: Int32Array.of(0, 0, 1, 1),
    kind,
    kinds,
    metrics,
    events: 4,
    protocol: { ranking: 'full catalog', items: 99, exclude: 'none', window: 10, events: 4, users: 2 },
  };
  const record = { name, kind: 'run', seed, seconds: 1, metrics } as unknown as FinishedRun['record'];
  return { record, evaluation, fresh: true };
}

const name = 'A_1 & 50 % | "x"';
const runs = [run(name, [1, 11, 1, 11]), run(name, [1, 1, 1, 11], 1), run('B', [11, 11, 11, 1])];
const results = resultsOf(runs, ['hr@10', 'mrr@10']);

test('a model has the mean over seeds, their deviation and the interval by users; the highest mean is the best', () => {
  expect(results.map(({ model, seeds }) => [model, seeds])).toEqual([[name, 2], ['B', 1]]); // biome-ignore format: one line
  const [first, second] = results.map(({ cells }) => cells[0]!);
  // Means of 1/2 and 3/4; each is 1/8 from its mean, so the sample deviation is 1/8 times the square root of 2.
  expect(first).toMatchObject({ metric: 'hr@10', mean: 0.625, best: true });
  expect(first!.deviation).toBeCloseTo(0.1767767, 7);
  // Users have means of 3/4 and 1/2: residuals of 1/4 and -1/4, variance 2 (2/16) / 16 = 1/64.
  expect(first!.interval[0]).toBeCloseTo(0.625 - 12.706204736 / 8, 8);
  expect(first!.interval).toEqual(interval(runs.slice(0, 2).map(({ evaluation }) => evaluation), { metric: 'hr@10' }).interval); // biome-ignore format: one line
  expect(second).toMatchObject({ mean: 0.25, deviation: Number.NaN, best: false });
});

test('a model of which seeds are missing says so, and is the best of nothing', () => {
  const partly = resultsOf([run('A', [1, 1, 1, 1]), ...runs.slice(0, 2)], ['hr@10'], [], 2);
  expect(partly.map(({ model, seeds, cells }) => [model, seeds, cells[0]!.best])).toEqual([
    ['A', 1, false],
    [name, 2, true],
  ]);
  expect(formatResults(partly, 'markdown')).toContain('| A (1 of 2 seeds) | 1.0000 |');
  expect(formatResults(partly, 'latex')).toContain('A (1 of 2 seeds) & 1.0000 \\\\');
  expect(formatResults(partly, 'csv')).toMatch(/^A,run,1,hr@10,1,,.*,false,,,false,0$/m);
});

test('metrics of lists have means, but neither an interval nor a best value', () => {
  const lists = { per: 'user', exclude: 'none', metrics: { 'gini@10': 0.5 } } as const;
  const { evaluation, record, fresh } = runs[0]!;
  const [result] = resultsOf([{ evaluation, record: { ...record, lists }, fresh }], ['lists/gini@10']);
  const unknown = Number.NaN;
  const cell = { metric: 'lists/gini@10', mean: 0.5, deviation: unknown, interval: [unknown, unknown], best: false };
  expect(result!.cells).toEqual([cell]);
});

test('CSV has a line per model and metric, with all digits, and reads back', () => {
  const rows = fromCSV(formatResults(results, 'csv')).objects();
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatchObject({ model: name, kind: 'run', seeds: 2, metric: 'hr@10', mean: 0.625, best: true });
  expect(rows[0]).toHaveProperty('deviation', results[0]!.cells[0]!.deviation);
  expect(rows[2]).toMatchObject({ model: 'B', deviation: null, mean: 0.25, best: false });
});

test('LaTeX is a table of booktabs with the best in bold, and names cannot be commands', () => {
  expect(formatResults(results, 'latex')).toBe(
    [
      '\\begin{tabular}{lrr}',
      '\\toprule',
      'Model & HR@10 & MRR@10 \\\\',
      '\\midrule',
      'A\\_1 \\& 50 \\% \\textbar{} \\char34{}x\\char34{} & \\textbf{.6250} {\\scriptsize $\\pm$ .1768} & \\textbf{.6250} {\\scriptsize $\\pm$ .1768} \\\\',
      'B & .2500 & .2500 \\\\',
      '\\bottomrule',
      '\\end{tabular}',
      '',
    ].join('\n'),
  );
  expect(escapeLatex('\\~^<>{}$#')).toBe(
    '\\textbackslash{}\\textasciitilde{}\\textasciicircum{}\\textless{}\\textgreater{}\\{\\}\\$\\#',
  );
});

test('Markdown has the best in bold, and names cannot end a cell', () => {
  expect(formatResults(results, 'markdown').split('\n')).toEqual([
    '| model | HR@10 | MRR@10 |',
    '| :-- | --: | --: |',
    '| A\\_1 \\& 50 % \\| "x" | **.6250** ± .1768 | **.6250** ± .1768 |',
    '| B | .2500 | .2500 |',
    '',
  ]);
});

test('no name is a command of Markdown', () => {
  const table = formatResults(resultsOf([run('~~a~~ &amp; $x$ <b> `c`', [1, 1, 1, 1])], ['hr@10']), 'markdown');
  expect(table).toContain('| \\~\\~a\\~\\~ \\&amp; \\$x\\$ \\<b\\> \\`c\\` |');
});

const theirs = [{ name: 'SASRec', metrics: { 'hr@10': 0.9 }, source: 'A, B 2018, table 3', protocol: 'leave-one-out' }];
const beside = resultsOf(runs, ['hr@10', 'mrr@10'], theirs);
const notes = ['† SASRec: A, B 2018, table 3. Protocol: leave-one-out.'];

test('rows of other studies follow the measured ones, with source and protocol, and are never the best', () => {
  const rows = fromCSV(formatResults(beside, 'csv')).objects() as Record<string, unknown>[];
  expect(rows.slice(0, 4)).toMatchObject([{ best: true }, { best: true }, { best: false }, { best: false }]);
  expect(rows.slice(4)).toEqual([
    expect.objectContaining({
      model: 'SASRec',
      kind: 'published',
      seeds: 0,
      metric: 'hr@10',
      mean: 0.9,
      low: null,
      best: false,
      source: 'A, B 2018, table 3',
      protocol: 'leave-one-out',
    }),
  ]);
  expect(rows[0]).toMatchObject({ source: null, protocol: null, rising: false, memoryAlone: 0 });
  expect(rows[4]).toMatchObject({ rising: null, memoryAlone: null });
  expect(formatResults(beside, 'markdown', notes)).toContain(
    '| SASRec † | .9000 | – |\n\n† SASRec: A, B 2018, table 3. Protocol: leave-one-out.\n',
  );
  const latex = formatResults(beside, 'latex', notes).split('\n');
  expect(latex.slice(6, 11)).toEqual([
    '\\midrule',
    'SASRec$^{\\dagger}$ & .9000 & – \\\\',
    '\\bottomrule',
    '\\end{tabular}',
    `% ${notes[0]}`,
  ]);
});
