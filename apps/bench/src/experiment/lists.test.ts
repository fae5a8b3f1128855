import { createWorld, splitByUser } from '@lea/data';
import { listMetrics, popularity, recommend } from '@lea/eval';
import { expect, test, vi } from 'vitest';
import { check } from '../config/load.ts';
import { presets } from '../config/presets/index.ts';
import type { Experiment } from '../config/schema.ts';
import { type Context, lazyText } from './context.ts';
import { checkLists, measuredLists } from './lists.ts';

const { interactions, itemTexts } = createWorld({ users: 60, items: 30, seed: 1 });
const split = splitByUser(interactions, { seed: 0 });
const text = vi.fn(lazyText(itemTexts.texts));

function measured(lists?: Experiment['lists'], exclude?: Experiment['exclude']) {
  const [progress, { signal }] = [{ at: () => {} }, new AbortController()];
  return measuredLists(popularity(split.train), { split, signal, text, experiment: { lists, exclude }, progress } as unknown as Context); // biome-ignore format: one line
}

test('a record has the metrics that the config asks for, of the lists that it asks for', async () => {
  expect(await measured()).toEqual({});
  const { lists } = await measured({ metrics: ['gini@20', 'recall@5'], per: 'user' }, 'seen');
  expect(text).not.toHaveBeenCalled();
  const options = { per: 'user', exclude: 'seen', k: 20 } as const;
  const given = await recommend(popularity(split.train), split.test, options);
  const { metrics } = listMetrics(given, split.train, { ks: [20, 5] });
  const wanted = { 'gini@20': metrics['gini@20'], 'recall@5': metrics['recall@5'] };
  expect(lists).toEqual({ per: 'user', exclude: 'seen', metrics: wanted });
});

test('texts are read for the similarity only, and data without texts have none', async () => {
  const { lists } = await measured({ metrics: ['similarity@99'] });
  expect(text).toHaveBeenCalledOnce();
  // Popular items for everybody, from a catalog of 30 items.
  expect(lists).toMatchObject({ per: 'event', exclude: 'none' });
  expect(lists!.metrics['similarity@99']).toBeGreaterThan(0);
  const asked = { lists: { metrics: ['gini@10', 'similarity@10'] } } as Experiment;
  expect(() => checkLists(asked, {} as never, 'here')).toThrow(expect.objectContaining({ code: 'E_CONFIG', value: 'similarity@10' })); // biome-ignore format: one line
  expect(() => checkLists(asked, { itemTexts } as never, 'here')).not.toThrow();
  expect(() => checkLists({} as Experiment, {} as never, 'here')).not.toThrow();
});

test('a config with a metric that no list has is refused', () => {
  const asked = (metrics: string[]) => check({ ...presets.quick, lists: { metrics } }, 'here');
  expect(asked(['gini@7']).lists).toEqual({ metrics: ['gini@7'] });
  expect(() => asked(['auc@10'])).toThrow('here, at lists.metrics: Unknown metric of lists.');
  expect(() => asked([])).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
});
