import { expect, test } from 'vitest';
import { finishedRun as run } from '../testing/finished-run.ts';
import { barChart } from './charts.ts';

test('the legend has the kinds that are drawn, and no other', async () => {
  const [baseline, trained] = ['baseline, not trained', '>trained<'];
  const only = await barChart([run('EASE', 'baseline', 2)]);
  expect(only).toContain(baseline);
  expect(only).not.toContain(trained);
  const both = await barChart([run('EASE', 'baseline', 2), run('CE', 'run', 1)]);
  expect(both).toContain(baseline);
  expect(both).toContain(trained);
});
