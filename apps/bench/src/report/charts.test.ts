import { expect, test } from 'vitest';
import { finishedRun as run } from '../testing/finished-run.ts';
import { barChart, curveChart } from './charts.ts';
import { linesOf } from './label-lines.ts';
import { tableHtml } from './page.ts';

test('the legend has the kinds that are drawn, and no other', async () => {
  const [baseline, trained] = ['baseline, not trained', '>trained<'];
  const only = await barChart([run('EASE', 'baseline', 2)]);
  expect(only).toContain(baseline);
  expect(only).not.toContain(trained);
  const both = await barChart([run('EASE', 'baseline', 2), run('CE', 'run', 1)]);
  expect(both).toContain(baseline);
  expect(both).toContain(trained);
});

test('seeds of a run have different dashes, which a legend explains; one seed has none', async () => {
  const seeded = (seed: number) => {
    const curve = [1, 2].map((step) => ({ phase: 'train', step, loss: 1, value: step / (seed + 2) }));
    return run('CE', 'run', 1, [], { seed, training: { steps: 2, best: curve[1]!, curve, parameters: 1 } } as never);
  };
  const dashes = (svg: string) => new Set(svg.match(/stroke-dasharray="[^"]*"/g));
  const three = (await curveChart([0, 1, 2].map(seeded), 'ndcg@10'))!;
  expect(dashes(three).size).toBe(3);
  expect(three).toContain('>seed</text>');
  const one = (await curveChart([seeded(0)], 'ndcg@10'))!;
  expect(dashes(one).size).toBe(0);
  expect(one).not.toContain('>seed</text>');
});

test('long names are broken into lines, and stay different in bars and curves', async () => {
  const same = 'A very long name of a recommender with memory and the';
  const curve = [1, 2].map((step) => ({ phase: 'train', step, loss: 1, value: step }));
  const trained = { training: { steps: 2, best: curve[1]!, curve, parameters: 1 } } as never;
  const names = [`${same} first variant`, `${same} second variant`, 'x'.repeat(100)];
  const runs = names.map((name) => run(name, 'run', 1, [], trained));
  for (const svg of [await barChart(runs), (await curveChart(runs, 'ndcg@10'))!]) {
    for (const name of names) {
      for (const line of (name.match(/.{1,36}(?: |$)|x{1,36}/g) as string[]).map((text) => text.trim())) {
        expect(svg).toContain(`>${line}<`);
      }
    }
    expect(svg).not.toContain('…');
  }
});

test('names are broken at spaces, and longer words anywhere', () => {
  const { legend, height } = linesOf(['one two', 'one two three', 'abcdefghijk'], 7);
  expect(legend.labelExpr).toBe(
    '[["one two"],["one two","three"],["abcdefg","hijk"]][indexof(["one two","one two three","abcdefghijk"], datum.label)]',
  );
  expect(height).toBe(28);
});

test('intervals are drawn thick enough to be seen on a bar', async () => {
  const svg = await barChart([run('CE', 'run', 1, [2, 3])]);
  expect(svg).toMatch(/<line[^>]*x2="[^"]*"[^>]*stroke="#1f2933" stroke-width="2"/);
});

test('a table of many columns has small text', () => {
  const table = (columns: number) => tableHtml({ head: Array.from({ length: columns }, (_, i) => `${i}`), rows: [] });
  expect(table(13)).toContain('<table class="dense">');
  expect(table(5)).toContain('<table>');
});
